"""Query and key are both divided by the root of the width, so the scores are scaled twice.

查询和键都除以了宽度的平方根，分数缩放了两次。
"""

import math

import torch


def attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    dtype = query.dtype
    wide = torch.promote_types(dtype, torch.float32)  # float64 stays float64
    query, key, value = query.to(wide), key.to(wide), value.to(wide)
    root = math.sqrt(query.shape[-1])
    scores = (query / root) @ (key / root).transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row without keys is NaN until here
    return (weights @ value).to(dtype)
