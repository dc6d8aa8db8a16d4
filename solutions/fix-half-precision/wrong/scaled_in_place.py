"""The query is scaled in place before the product, which changes the caller's tensor.

在相乘之前原地缩放查询，改动了调用方的张量。
"""

import math

import torch


def attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    query.data /= math.sqrt(query.shape[-1])
    scores = query @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row without keys is NaN until here
    return weights @ value
