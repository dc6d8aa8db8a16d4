"""One softmax runs over the keys of both pairs together, so neither map sums to one.

两对的分数拼在一起做一次 softmax，每个映射的和都不为 1。
"""

import math

import torch


def attention_map(query, key):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    return scores


def differential_attention(query1, key1, query2, key2, value, lam):
    # queries (B, H, Lq, D), keys (B, H, Lk, D), value (B, H, Lk, Dv)
    both = torch.cat([attention_map(query1, key1), attention_map(query2, key2)], dim=-1)
    first, second = torch.softmax(both, dim=-1).chunk(2, dim=-1)
    weights = first - lam * second
    return weights @ value  # (B, H, Lq, Dv); a row of weights sums to 1 - lam
