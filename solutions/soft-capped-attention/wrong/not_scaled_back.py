"""tanh(score / cap) is not multiplied by the cap again, so every score lies between -1 and 1.

tanh(score / cap) 没有再乘回 cap，所有分数都落在 -1 与 1 之间。
"""

import math

import torch


def soft_capped_attention(query, key, value, cap):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    capped = torch.tanh(scores / cap)
    weights = torch.softmax(capped, dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
