"""The sigmoid is taken of output times gate, so the output is lost.

对输出与 gate 的乘积取 sigmoid，输出本身丢失了。
"""

import math

import torch


def gated_attention(query, key, value, gate):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv), gate (B, H, Lq, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = torch.softmax(scores, dim=-1)
    return torch.sigmoid((weights @ value) * gate)
