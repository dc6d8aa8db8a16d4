"""Attention to the k largest scores of each query."""

import math

import torch


def top_k_attention(query, key, value, k):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    # A stable sort leaves equal scores in the order of their keys; topk promises no order.
    order = scores.argsort(dim=-1, descending=True, stable=True)
    kept = torch.zeros_like(scores, dtype=torch.bool).scatter(-1, order[..., :k], True)
    weights = torch.softmax(scores.masked_fill(~kept, float("-inf")), dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
