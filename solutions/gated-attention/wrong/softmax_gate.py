"""The gate goes through a softmax over the features, so the features compete with one another.

gate 沿特征做了 softmax，各特征互相竞争。
"""

import math

import torch


def gated_attention(query, key, value, gate):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv), gate (B, H, Lq, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = torch.softmax(scores, dim=-1)
    return (weights @ value) * torch.softmax(gate, dim=-1)  # (B, H, Lq, Dv)
