"""The sigmoid is written as exp(gate) / (1 + exp(gate)), which is inf / inf for large gates.

手写 sigmoid 为 exp(gate) / (1 + exp(gate))，gate 很大时变成 inf / inf。
"""

import math

import torch


def gated_attention(query, key, value, gate):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv), gate (B, H, Lq, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = torch.softmax(scores, dim=-1)
    return (weights @ value) * gate.exp() / (1 + gate.exp())  # (B, H, Lq, Dv)
