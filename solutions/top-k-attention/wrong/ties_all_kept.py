"""Everything from the k-th largest score up is kept by comparing with a threshold, so a tie at the
threshold keeps more than k keys.

用第 k 大的分数作阈值、保留所有不小于它的键，阈值处有并列时会保留超过 k 个。
"""

import math

import torch


def top_k_attention(query, key, value, k):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    threshold = scores.sort(dim=-1, descending=True).values[..., :k][..., -1:]
    kept = scores >= threshold
    weights = torch.softmax(scores.masked_fill(~kept, float("-inf")), dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
