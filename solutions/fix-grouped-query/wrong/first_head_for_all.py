"""Every query head reads the first key-value head, which is right for multi-query attention only.

所有查询头都读取第一个键值头，这只适用于多查询注意力。
"""

import math

import torch


def grouped_query_attention(query, key, value, mask=None):
    # query (B, H, Lq, D), key (B, Hkv, Lk, D), value (B, Hkv, Lk, Dv)
    heads, kv_heads = query.shape[1], key.shape[1]
    if heads % kv_heads != 0:
        raise ValueError(f"{heads} query heads cannot share {kv_heads} key-value heads equally")
    key = key[:, :1].repeat_interleave(heads, dim=1)  # 0, 0, 1, 1, ...
    value = value[:, :1].repeat_interleave(heads, dim=1)

    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row without keys is NaN until here
    return weights @ value
