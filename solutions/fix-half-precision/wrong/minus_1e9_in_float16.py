"""The fill -1e9 cannot be written as a float16, so a mask ends in an error.

-1e9 无法表示为 float16，一用掩码就报错。
"""

import math

import torch


def attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    scores = (query / math.sqrt(query.shape[-1])) @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e9)
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row without keys is NaN until here
    return weights @ value
