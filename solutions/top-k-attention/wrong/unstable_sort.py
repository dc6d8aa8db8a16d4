"""The sort is not asked to be stable, so among many keys it shuffles equal scores.

排序没有要求稳定（stable），键较多时相等的分数会被打乱。
"""

import math

import torch


def top_k_attention(query, key, value, k):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    order = scores.argsort(dim=-1, descending=True)
    kept = torch.zeros_like(scores, dtype=torch.bool).scatter(-1, order[..., :k], True)
    weights = torch.softmax(scores.masked_fill(~kept, float("-inf")), dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
