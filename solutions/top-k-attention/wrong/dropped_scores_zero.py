"""Dropped scores are set to 0 instead of minus infinity, so those keys still get weight.

把被丢弃的分数设为 0 而不是负无穷，这些键仍然分到权重。
"""

import math

import torch


def top_k_attention(query, key, value, k):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    # A stable sort leaves equal scores in the order of their keys; topk promises no order.
    order = scores.argsort(dim=-1, descending=True, stable=True)
    kept = torch.zeros_like(scores, dtype=torch.bool).scatter(-1, order[..., :k], True)
    weights = torch.softmax(scores * kept, dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
