"""The mean gate of a query is multiplied onto its scores before the softmax instead of onto the
output.

把每个查询的门乘到 softmax 之前的分数上，而不是输出上。
"""

import math

import torch


def gated_attention(query, key, value, gate):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv), gate (B, H, Lq, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    scores = scores * torch.sigmoid(gate).mean(dim=-1, keepdim=True)
    weights = torch.softmax(scores, dim=-1)
    return weights @ value
