"""The lowest finite number fits every dtype, but a query without any key now averages them all.

最小有限数适合任何 dtype，但没有键的查询变成了对所有键求平均。
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
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, dim=-1)
    return (weights @ value).to(dtype)
