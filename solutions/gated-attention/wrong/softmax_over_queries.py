"""The softmax runs over the queries (dim=-2) instead of the keys.

softmax 沿查询维（dim=-2）而不是键维归一化。
"""

import math

import torch


def gated_attention(query, key, value, gate):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv), gate (B, H, Lq, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = torch.softmax(scores, dim=-2)
    return (weights @ value) * torch.sigmoid(gate)  # (B, H, Lq, Dv)
