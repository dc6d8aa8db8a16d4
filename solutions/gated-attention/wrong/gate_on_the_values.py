"""The values are gated before the attention by the mean gate of all queries.

在注意力之前用所有查询的平均门控制值。
"""

import math

import torch


def gated_attention(query, key, value, gate):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv), gate (B, H, Lq, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = torch.softmax(scores, dim=-1)
    return weights @ (value * torch.sigmoid(gate).mean(dim=-2, keepdim=True))
