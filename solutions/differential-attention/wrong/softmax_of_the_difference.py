"""The scores are subtracted and one softmax runs over the difference.

先把分数相减，再做一次 softmax。
"""

import math

import torch


def attention_map(query, key):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    return scores


def differential_attention(query1, key1, query2, key2, value, lam):
    # queries (B, H, Lq, D), keys (B, H, Lk, D), value (B, H, Lk, Dv)
    weights = attention_map(query1, key1) - lam * attention_map(query2, key2)
    return torch.softmax(weights, dim=-1) @ value
