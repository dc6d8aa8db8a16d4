"""Masked scores are set to -1e9 and nothing else is done, so a query without any key averages all
values.

只把被掩蔽的分数设为 -1e9，一个键都不能注意的查询得到的是全部值的平均。
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
        scores = scores.masked_fill(~mask, -1e9)
    weights = torch.softmax(scores, dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
