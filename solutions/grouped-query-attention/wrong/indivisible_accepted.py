"""Indivisible head counts are rounded instead of raising ValueError.

头数不能整除时悄悄取整，而没有抛出 ValueError。
"""

import math

import torch


def grouped_query_attention(query, key, value, mask=None):
    # query (B, H, Lq, D), key (B, Hkv, Lk, D), value (B, Hkv, Lk, Dv)
    heads, kv_heads = query.shape[1], key.shape[1]
    index = (torch.arange(heads) * kv_heads) // heads
    key = key[:, index]  # head h reads key-value head h // group
    value = value[:, index]

    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row without keys is NaN until here
    return weights @ value  # (B, H, Lq, Dv)
