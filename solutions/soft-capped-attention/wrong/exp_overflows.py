"""The softmax is written with exp and without subtracting the maximum, which overflows as soon as
the cap is large.

手写 softmax 时直接取 exp 而没有减去最大值，cap 一大就溢出。
"""

import math

import torch


def soft_capped_attention(query, key, value, cap):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    capped = cap * torch.tanh(scores / cap)
    weights = capped.exp()
    weights = weights / weights.sum(dim=-1, keepdim=True)
    return weights @ value  # (B, H, Lq, Dv)
