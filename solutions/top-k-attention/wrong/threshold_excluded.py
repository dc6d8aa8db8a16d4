"""The k-th largest score is compared with a strict inequality, so only k − 1 keys are kept.

与第 k 大的分数比较时用了严格大于，只保留了 k − 1 个键。
"""

import math

import torch


def top_k_attention(query, key, value, k):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    best = scores.sort(dim=-1, descending=True).values
    kept = scores > best[..., :k][..., -1:]
    kept = kept | (scores == best[..., :1])  # never none at all
    weights = torch.softmax(scores.masked_fill(~kept, float("-inf")), dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
