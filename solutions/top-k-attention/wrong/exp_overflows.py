"""The softmax is written with exp and without subtracting the maximum, so large scores overflow.

手写 softmax 时直接取 exp 而没有减去最大值，分数一大就溢出。
"""

import math

import torch


def top_k_attention(query, key, value, k):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    # A stable sort leaves equal scores in the order of their keys; topk promises no order.
    order = scores.argsort(dim=-1, descending=True, stable=True)
    kept = torch.zeros_like(scores, dtype=torch.bool).scatter(-1, order[..., :k], True)
    weights = scores.exp().masked_fill(~kept, 0.0)
    weights = weights / weights.sum(dim=-1, keepdim=True)
    return weights @ value  # (B, H, Lq, Dv)
