"""The softmax runs over all keys and the k largest weights are kept as they are, so they sum to
less than one.

先对所有键做 softmax，再原样保留最大的 k 个权重，权重之和小于 1。
"""

import math

import torch


def top_k_attention(query, key, value, k):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    # A stable sort leaves equal scores in the order of their keys; topk promises no order.
    order = scores.argsort(dim=-1, descending=True, stable=True)
    kept = torch.zeros_like(scores, dtype=torch.bool).scatter(-1, order[..., :k], True)
    weights = torch.softmax(scores, dim=-1).masked_fill(~kept, 0.0)
    return weights @ value  # (B, H, Lq, Dv)
