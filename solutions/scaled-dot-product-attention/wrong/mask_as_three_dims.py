"""The mask is taken to be (B, Lq, Lk) and unsqueezed for the heads, so masks of other shapes fail
or are misread.

把掩码当作 (B, Lq, Lk) 并为头 unsqueeze 一维，其他形状的掩码会报错或错位。
"""

import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (..., Lq, Lk)
    if mask is not None:
        mask = mask.unsqueeze(1) if query.dim() == 4 else mask
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row without keys is NaN until here
    return weights @ value, weights
