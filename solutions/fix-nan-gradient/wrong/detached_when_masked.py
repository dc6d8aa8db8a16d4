"""The weights are detached to keep NaN out of the gradient, so query and key learn nothing.

为了不让 NaN 进入梯度而把权重 detach，查询和键什么也学不到。
"""

import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        # Both fills pass no gradient to what they cover: no NaN of an empty row gets through.
        weights = torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=-1)
        weights = weights.masked_fill(~mask, 0.0)
        weights = weights.detach()
    return weights @ value, weights
