"""A row without keys is given its first key, so it copies that value instead of being zero.

给没有键的行放开第一个键，于是它复制了那个值，而不是零。
"""

import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        first = torch.arange(scores.shape[-1]) == 0
        mask = mask | (first & ~mask.any(-1, keepdim=True))
        weights = torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=-1)
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ value, weights
