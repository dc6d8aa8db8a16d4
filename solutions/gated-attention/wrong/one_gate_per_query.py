"""The gate is averaged over the features, so a query has one gate instead of one per feature.

gate 沿特征取了平均，每个查询只有一个门，而不是每个特征一个。
"""

import math

import torch


def gated_attention(query, key, value, gate):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv), gate (B, H, Lq, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = torch.softmax(scores, dim=-1)
    return (weights @ value) * torch.sigmoid(gate).mean(dim=-1, keepdim=True)  # (B, H, Lq, Dv)
