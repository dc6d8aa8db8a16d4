"""The query is scaled in place, so the caller's tensor is changed.

在原地缩放 query，改动了调用者的张量。
"""

import math

import torch


def soft_capped_attention(query, key, value, cap):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    query.div_(math.sqrt(query.shape[-1]))
    scores = query @ key.transpose(-2, -1)  # (B, H, Lq, Lk)
    capped = cap * torch.tanh(scores / cap)
    weights = torch.softmax(capped, dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
