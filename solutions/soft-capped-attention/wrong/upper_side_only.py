"""Only large positive scores are capped; very negative ones pass unchanged.

只限制了很大的正分数，很负的分数原样通过。
"""

import math

import torch


def soft_capped_attention(query, key, value, cap):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    capped = torch.where(scores > 0, cap * torch.tanh(scores / cap), scores)
    weights = torch.softmax(capped, dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
