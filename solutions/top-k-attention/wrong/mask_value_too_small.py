"""Dropped scores are set to -1e4, which is not below every real score, so dropped keys win when the
scores are very negative.

被丢弃的分数设为 -1e4，并不低于所有真实分数；分数很负时被丢弃的键反而胜出。
"""

import math

import torch


def top_k_attention(query, key, value, k):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    # A stable sort leaves equal scores in the order of their keys; topk promises no order.
    order = scores.argsort(dim=-1, descending=True, stable=True)
    kept = torch.zeros_like(scores, dtype=torch.bool).scatter(-1, order[..., :k], True)
    weights = torch.softmax(scores.masked_fill(~kept, -1e4), dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
