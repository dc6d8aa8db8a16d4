"""hardsigmoid, clamp(gate / 6 + 1/2, 0, 1), is taken for the sigmoid.

用 hardsigmoid，即 clamp(gate / 6 + 1/2, 0, 1)，代替了 sigmoid。
"""

import math

import torch


def gated_attention(query, key, value, gate):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv), gate (B, H, Lq, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = torch.softmax(scores, dim=-1)
    return (weights @ value) * torch.nn.functional.hardsigmoid(gate)  # (B, H, Lq, Dv)
