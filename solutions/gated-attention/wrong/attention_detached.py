"""The attention's output is detached before the gate, so only the gate is trained.

注意力的输出在门控之前被 detach，只有 gate 得到训练。
"""

import math

import torch


def gated_attention(query, key, value, gate):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv), gate (B, H, Lq, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = torch.softmax(scores, dim=-1)
    return (weights @ value).detach() * torch.sigmoid(gate)  # (B, H, Lq, Dv)
