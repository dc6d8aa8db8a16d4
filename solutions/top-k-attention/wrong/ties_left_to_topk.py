"""`torch.topk` chooses the keys, and it promises nothing about which of equal scores it returns.

用 `torch.topk` 选键，而它不保证相等的分数返回哪一个。
"""

import math

import torch


def top_k_attention(query, key, value, k):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    chosen = scores.topk(min(k, key.shape[-2]), dim=-1).indices
    kept = torch.zeros_like(scores, dtype=torch.bool).scatter(-1, chosen, True)
    weights = torch.softmax(scores.masked_fill(~kept, float("-inf")), dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
