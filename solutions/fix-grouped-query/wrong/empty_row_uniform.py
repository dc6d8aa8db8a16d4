"""Masked scores get a finite number, so a query without any key averages them all instead of
getting zeros.

被掩蔽的分数填的是有限的数，没有键的查询得到全体平均，而不是零。
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
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, dim=-1)
    return weights @ value
