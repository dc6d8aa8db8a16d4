"""Only the keys were mended: the values are still tiled, so the weights of one head meet another's
values.

只改了键：值仍是整体平铺，一个头的权重乘上了另一个头的值。
"""

import math

import torch


def grouped_query_attention(query, key, value, mask=None):
    # query (B, H, Lq, D), key (B, Hkv, Lk, D), value (B, Hkv, Lk, Dv)
    heads, kv_heads = query.shape[1], key.shape[1]
    if heads % kv_heads != 0:
        raise ValueError(f"{heads} query heads cannot share {kv_heads} key-value heads equally")
    key = key.repeat_interleave(heads // kv_heads, dim=1)  # 0, 0, 1, 1, ...
    value = value.repeat(1, heads // kv_heads, 1, 1)

    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row without keys is NaN until here
    return weights @ value
