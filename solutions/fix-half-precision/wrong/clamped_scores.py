"""Overflowing products are clamped to the largest number, so different large scores become equal.

把溢出的乘积截到最大值，不同的大分数变得相等。
"""

import math

import torch


def attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    scores = torch.nan_to_num(query @ key.transpose(-2, -1)) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row without keys is NaN until here
    return weights @ value
