"""The values of the k best keys are averaged with equal weights, without a softmax over their
scores.

对 k 个最好的键的值取等权平均，没有对分数做 softmax。
"""

import math

import torch


def top_k_attention(query, key, value, k):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    # A stable sort leaves equal scores in the order of their keys; topk promises no order.
    order = scores.argsort(dim=-1, descending=True, stable=True)
    kept = torch.zeros_like(scores, dtype=torch.bool).scatter(-1, order[..., :k], True)
    weights = kept.to(scores.dtype) / kept.sum(dim=-1, keepdim=True)
    weights = weights + 0.0 * torch.softmax(scores, dim=-1)  # keeps the graph
    return weights @ value  # (B, H, Lq, Dv)
