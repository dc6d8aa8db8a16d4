"""The shared heads are tiled (repeat) instead of repeated one by one, so head h reads key-value
head h mod Hkv.

共享的头用 repeat 整体平铺，而不是逐个重复，第 h 个头读到的是第 h mod Hkv 个键值头。
"""

import math

import torch


def grouped_query_attention(query, key, value, mask=None):
    # query (B, H, Lq, D), key (B, Hkv, Lk, D), value (B, Hkv, Lk, Dv)
    heads, kv_heads = query.shape[1], key.shape[1]
    if heads % kv_heads != 0:
        raise ValueError(f"{heads} query heads cannot share {kv_heads} key-value heads equally")
    group = heads // kv_heads
    key = key.repeat(1, group, 1, 1)  # head h reads key-value head h // group
    value = value.repeat(1, group, 1, 1)

    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row without keys is NaN until here
    return weights @ value  # (B, H, Lq, Dv)
