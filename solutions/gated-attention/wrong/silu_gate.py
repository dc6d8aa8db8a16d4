"""The gate goes through a SiLU, gate · sigmoid(gate), as in gated feed-forward layers.

gate 经过的是 SiLU，即 gate · sigmoid(gate)，那是门控前馈层的做法。
"""

import math

import torch


def gated_attention(query, key, value, gate):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv), gate (B, H, Lq, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = torch.softmax(scores, dim=-1)
    return (weights @ value) * torch.nn.functional.silu(gate)  # (B, H, Lq, Dv)
