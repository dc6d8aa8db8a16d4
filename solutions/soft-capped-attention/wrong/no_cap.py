"""The cap is not applied at all: this is ordinary attention.

根本没有用到 cap：这只是普通的注意力。
"""

import math

import torch


def soft_capped_attention(query, key, value, cap):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = torch.softmax(scores, dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
