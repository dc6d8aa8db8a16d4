"""The softmax is written with exp and without subtracting the maximum, so large scores overflow.

手写 softmax 时直接取 exp 而没有减去最大值，分数一大就溢出。
"""

import math

import torch


def gated_attention(query, key, value, gate):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv), gate (B, H, Lq, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = scores.exp()
    weights = weights / weights.sum(dim=-1, keepdim=True)
    return (weights @ value) * torch.sigmoid(gate)  # (B, H, Lq, Dv)
