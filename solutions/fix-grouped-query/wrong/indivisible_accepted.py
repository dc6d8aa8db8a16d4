"""Head counts that do not divide are not refused with ValueError: the remainder is cut off.

头数不能整除时没有抛出 ValueError，而是截掉了余数。
"""

import math

import torch


def grouped_query_attention(query, key, value, mask=None):
    # query (B, H, Lq, D), key (B, Hkv, Lk, D), value (B, Hkv, Lk, Dv)
    heads, kv_heads = query.shape[1], key.shape[1]
    key = key.repeat_interleave(heads // kv_heads, dim=1)  # 0, 0, 1, 1, ...
    value = value.repeat_interleave(heads // kv_heads, dim=1)

    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row without keys is NaN until here
    return weights @ value
