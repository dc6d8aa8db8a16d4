"""The softmax runs over the heads (dim=1) instead of the keys.

softmax 沿头的维度（dim=1）而不是键维归一化。
"""

import math

import torch


def grouped_query_attention(query, key, value, mask=None):
    # query (B, H, Lq, D), key (B, Hkv, Lk, D), value (B, Hkv, Lk, Dv)
    heads, kv_heads = query.shape[1], key.shape[1]
    if heads % kv_heads != 0:
        raise ValueError(f"{heads} query heads cannot share {kv_heads} key-value heads equally")
    group = heads // kv_heads
    key = key.repeat_interleave(group, dim=1)  # head h reads key-value head h // group
    value = value.repeat_interleave(group, dim=1)

    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row without keys is NaN until here
    return weights @ value  # (B, H, Lq, Dv)
