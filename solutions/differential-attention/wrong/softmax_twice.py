"""A softmax runs over the difference of the two maps once more.

两个映射相减之后又做了一次 softmax。
"""

import math

import torch


def attention_map(query, key):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    return torch.softmax(scores, dim=-1)


def differential_attention(query1, key1, query2, key2, value, lam):
    # queries (B, H, Lq, D), keys (B, H, Lk, D), value (B, H, Lk, Dv)
    weights = attention_map(query1, key1) - lam * attention_map(query2, key2)
    return torch.softmax(weights, dim=-1) @ value
