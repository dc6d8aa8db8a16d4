"""Only scores strictly above the next largest one are kept, so a tie at the border drops all of its
keys.

只保留严格大于第 k+1 名的分数，边界处有并列时会把并列的键全部丢掉。
"""

import math

import torch


def top_k_attention(query, key, value, k):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    kept = torch.ones_like(scores, dtype=torch.bool)
    if k < key.shape[-2]:
        best = scores.sort(dim=-1, descending=True).values
        kept = (scores > best[..., k : k + 1]) | (scores == best[..., :1])
    weights = torch.softmax(scores.masked_fill(~kept, float("-inf")), dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
