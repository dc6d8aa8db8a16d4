"""The fill was reduced to -1e4 to fit float16, but allowed scores can lie below it.

为了放进 float16 把填充值减小到 -1e4，但允许的分数可能更低。
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
        scores = scores.masked_fill(~mask, -1e4)
    weights = torch.softmax(scores, dim=-1)
    return (weights @ value).to(dtype)
