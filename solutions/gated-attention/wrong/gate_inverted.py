"""The output is multiplied by 1 − sigmoid(gate), so an open gate closes.

输出乘的是 1 − sigmoid(gate)，门的开关正好反了。
"""

import math

import torch


def gated_attention(query, key, value, gate):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv), gate (B, H, Lq, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = torch.softmax(scores, dim=-1)
    return (weights @ value) * (1 - torch.sigmoid(gate))  # (B, H, Lq, Dv)
