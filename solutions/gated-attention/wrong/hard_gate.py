"""The gate is rounded to open or closed at zero, so nothing passes in part.

gate 按正负号取全开或全关，没有部分通过。
"""

import math

import torch


def gated_attention(query, key, value, gate):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv), gate (B, H, Lq, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = torch.softmax(scores, dim=-1)
    return (weights @ value) * (gate > 0).to(value.dtype) + 0.0 * gate  # (B, H, Lq, Dv)
