"""The choice runs along the queries (dim=-2), so each key keeps its k best queries.

沿查询维（dim=-2）选择，变成每个键保留 k 个最好的查询。
"""

import math

import torch


def top_k_attention(query, key, value, k):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    # A stable sort leaves equal scores in the order of their keys; topk promises no order.
    order = scores.argsort(dim=-2, descending=True, stable=True)
    kept = torch.zeros_like(scores, dtype=torch.bool).scatter(-2, order[..., :k, :], True)
    weights = torch.softmax(scores.masked_fill(~kept, float("-inf")), dim=-1)
    weights = weights.masked_fill(~kept, 0.0)
    return weights @ value  # (B, H, Lq, Dv)
