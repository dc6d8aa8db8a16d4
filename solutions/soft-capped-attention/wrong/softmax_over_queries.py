"""The softmax runs over the queries (dim=-2) instead of the keys.

softmax 沿查询维（dim=-2）而不是键维归一化。
"""

import math

import torch


def soft_capped_attention(query, key, value, cap):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    capped = cap * torch.tanh(scores / cap)
    weights = torch.softmax(capped, dim=-2)
    return weights @ value  # (B, H, Lq, Dv)
