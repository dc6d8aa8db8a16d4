"""An additive -inf mask is repaired with nan_to_num: the value is zero, but the gradient of a
query without keys is NaN.

加性 -inf 掩码之后用 nan_to_num 补救：数值为零，但没有键可注意的查询梯度仍是 NaN。
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
        scores = scores + torch.zeros_like(scores).masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    weights = torch.nan_to_num(weights)
    return weights @ value  # (B, H, Lq, Dv)
