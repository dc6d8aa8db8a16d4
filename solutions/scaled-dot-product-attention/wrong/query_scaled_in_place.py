"""The query is scaled in place, so the caller's tensor is changed.

在原地缩放 query，改动了调用者的张量。
"""

import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    query.div_(math.sqrt(query.shape[-1]))
    scores = query @ key.transpose(-2, -1)  # (..., Lq, Lk)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row without keys is NaN until here
    return weights @ value, weights
