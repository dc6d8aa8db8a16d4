"""A query that may attend to nothing still gets NaN, the softmax of nothing but minus infinity.

一个键都不能注意的查询仍得到 NaN：整行负无穷的 softmax。
"""

import math

import torch


def grouped_query_attention(query, key, value, mask=None):
    # query (B, H, Lq, D), key (B, Hkv, Lk, D), value (B, Hkv, Lk, Dv)
    heads, kv_heads = query.shape[1], key.shape[1]
    if heads % kv_heads != 0:
        raise ValueError(f"{heads} query heads cannot share {kv_heads} key-value heads equally")
    key = key.repeat_interleave(heads // kv_heads, dim=1)  # 0, 0, 1, 1, ...
    value = value.repeat_interleave(heads // kv_heads, dim=1)

    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    return weights @ value
