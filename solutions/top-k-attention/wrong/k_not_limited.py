"""`topk` is called with k as it is, so a k above the number of keys raises an error.

直接以 k 调用 `topk`，k 大于键的个数时报错。
"""

import math

import torch


def top_k_attention(query, key, value, k):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    threshold = scores.topk(k, dim=-1).values[..., -1:]
    above = (scores > threshold).sum(dim=-1, keepdim=True)
    level = scores == threshold
    kept = (scores > threshold) | (level & (level.cumsum(dim=-1) <= k - above))
    weights = torch.softmax(scores.masked_fill(~kept, float("-inf")), dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
