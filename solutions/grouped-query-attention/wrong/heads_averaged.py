"""The key-value heads are averaged into one, the way checkpoints are converted, instead of being
shared by groups.

把各键值头平均成一个（那是转换检查点的做法），而不是按组共享。
"""

import math

import torch


def grouped_query_attention(query, key, value, mask=None):
    # query (B, H, Lq, D), key (B, Hkv, Lk, D), value (B, Hkv, Lk, Dv)
    heads, kv_heads = query.shape[1], key.shape[1]
    if heads % kv_heads != 0:
        raise ValueError(f"{heads} query heads cannot share {kv_heads} key-value heads equally")
    group = heads // kv_heads
    key = key.mean(dim=1, keepdim=True).expand(
        -1, heads, -1, -1
    )  # head h reads key-value head h // group
    value = value.mean(dim=1, keepdim=True).expand(-1, heads, -1, -1)

    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row without keys is NaN until here
    return weights @ value  # (B, H, Lq, Dv)
