"""The scores are not divided by the square root of the head dimension.

分数没有除以 head_dim 的平方根。
"""

import math

import torch


def soft_capped_attention(query, key, value, cap):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1)  # (B, H, Lq, Lk)
    capped = cap * torch.tanh(scores / cap)
    weights = torch.softmax(capped, dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
