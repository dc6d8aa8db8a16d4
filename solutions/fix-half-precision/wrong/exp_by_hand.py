"""The exponentials are taken without subtracting the maximum, so they overflow in every dtype.

没有减去最大值就取指数，任何 dtype 都会溢出。
"""

import math

import torch


def attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    dtype = query.dtype
    wide = torch.promote_types(dtype, torch.float32)  # float64 stays float64
    query, key, value = query.to(wide), key.to(wide), value.to(wide)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    powers = scores.exp()
    weights = powers / powers.sum(-1, keepdim=True)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row without keys is NaN until here
    return (weights @ value).to(dtype)
