"""The first map is multiplied by 1 − lam, as if the two were interpolated.

第一个映射乘了 1 − lam，像是在做插值。
"""

import math

import torch


def attention_map(query, key):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    return torch.softmax(scores, dim=-1)


def differential_attention(query1, key1, query2, key2, value, lam):
    # queries (B, H, Lq, D), keys (B, H, Lk, D), value (B, H, Lk, Dv)
    weights = (1 - lam) * attention_map(query1, key1) - lam * attention_map(query2, key2)
    return weights @ value  # (B, H, Lq, Dv); a row of weights sums to 1 - lam
