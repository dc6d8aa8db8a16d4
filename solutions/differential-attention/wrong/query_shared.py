"""Both maps read the first query.

两个映射都用了第一组查询。
"""

import math

import torch


def attention_map(query, key):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    return torch.softmax(scores, dim=-1)


def differential_attention(query1, key1, query2, key2, value, lam):
    # queries (B, H, Lq, D), keys (B, H, Lk, D), value (B, H, Lk, Dv)
    weights = attention_map(query1, key1) - lam * attention_map(query1, key2)
    return weights @ value  # (B, H, Lq, Dv); a row of weights sums to 1 - lam
