"""The cap acts on the raw products, and 1/sqrt(D) comes after it.

先对未缩放的乘积做软上限，之后才乘 1/sqrt(D)。
"""

import math

import torch


def soft_capped_attention(query, key, value, cap):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1)  # (B, H, Lq, Lk)
    capped = cap * torch.tanh(scores / cap) / math.sqrt(query.shape[-1])
    weights = torch.softmax(capped, dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
