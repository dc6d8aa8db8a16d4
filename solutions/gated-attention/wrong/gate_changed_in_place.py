"""The sigmoid is applied in place, so the caller's gate is changed.

在原地对 gate 取 sigmoid，改动了调用者的张量。
"""

import math

import torch


def gated_attention(query, key, value, gate):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv), gate (B, H, Lq, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = torch.softmax(scores, dim=-1)
    return (weights @ value) * gate.sigmoid_()  # (B, H, Lq, Dv)
