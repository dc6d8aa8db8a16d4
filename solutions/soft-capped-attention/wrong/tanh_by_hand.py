"""tanh is written as (e^x − e^−x) / (e^x + e^−x), which is inf / inf for large scores.

手写 tanh 为 (e^x − e^−x) / (e^x + e^−x)，分数很大时变成 inf / inf。
"""

import math

import torch


def soft_capped_attention(query, key, value, cap):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    x = scores / cap
    capped = cap * (x.exp() - (-x).exp()) / (x.exp() + (-x).exp())
    weights = torch.softmax(capped, dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
