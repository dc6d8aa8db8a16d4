"""The softmax is written with exp and without subtracting the maximum, so large scores overflow.

手写 softmax 时直接取 exp 而没有减去最大值，分数一大就溢出。
"""

import math

import torch


def attention_map(query, key):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = scores.exp()
    return weights / weights.sum(dim=-1, keepdim=True)


def differential_attention(query1, key1, query2, key2, value, lam):
    # queries (B, H, Lq, D), keys (B, H, Lk, D), value (B, H, Lk, Dv)
    weights = attention_map(query1, key1) - lam * attention_map(query2, key2)
    return weights @ value  # (B, H, Lq, Dv); a row of weights sums to 1 - lam
