"""A sigmoid takes the place of the tanh, so the scores are squeezed into 0..cap with half the slope
that is needed there.

用 sigmoid 代替 tanh，分数被压到 0..cap，斜率也不对。
"""

import math

import torch


def soft_capped_attention(query, key, value, cap):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    capped = cap * torch.sigmoid(scores / cap)
    weights = torch.softmax(capped, dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
