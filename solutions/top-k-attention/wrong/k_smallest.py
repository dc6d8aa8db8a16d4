"""The scores are sorted upwards and the first k are taken, so each query keeps its k smallest
scores.

按升序排序后取前 k 个，每个查询保留的是最小的 k 个分数。
"""

import math

import torch


def top_k_attention(query, key, value, k):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    # A stable sort leaves equal scores in the order of their keys; topk promises no order.
    order = scores.argsort(dim=-1, stable=True)
    kept = torch.zeros_like(scores, dtype=torch.bool).scatter(-1, order[..., :k], True)
    weights = torch.softmax(scores.masked_fill(~kept, float("-inf")), dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
