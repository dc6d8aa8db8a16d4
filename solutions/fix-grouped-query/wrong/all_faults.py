"""All faults are still there: the key-value heads are tiled, empty rows are NaN, and head counts
are not checked.

错误都还在：键值头整体平铺，空行是 NaN，也没有检查头数。
"""

import math

import torch


def grouped_query_attention(query, key, value, mask=None):
    # query (B, H, Lq, D), key (B, Hkv, Lk, D), value (B, Hkv, Lk, Dv)
    heads, kv_heads = query.shape[1], key.shape[1]
    key = key.repeat(1, heads // kv_heads, 1, 1)
    value = value.repeat(1, heads // kv_heads, 1, 1)

    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    return weights @ value
