"""A bias of -1e9 is added to the scores: it moves an empty row as a whole, which then attends as if
nothing were masked.

给分数加上 -1e9 的偏置：空行只是整体平移，于是像没有掩码一样去注意。
"""

import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        bias = torch.zeros_like(mask, dtype=scores.dtype).masked_fill(~mask, -1e9)
        weights = torch.softmax(scores + bias, dim=-1)
    return weights @ value, weights
