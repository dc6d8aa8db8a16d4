"""The gates of the heads are averaged, so all heads share one.

各头的 gate 取了平均，所有头共用一个门。
"""

import math

import torch


def gated_attention(query, key, value, gate):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv), gate (B, H, Lq, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = torch.softmax(scores, dim=-1)
    return (weights @ value) * torch.sigmoid(gate.mean(dim=1, keepdim=True))  # (B, H, Lq, Dv)
