"""True is taken for "masked", so queries see exactly the keys they must not.

把 True 当成了“屏蔽”，查询看到的恰好是不该看的键。
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
        scores = scores.masked_fill(mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(mask, 0.0)  # a row without keys is NaN until here
    return (weights @ value).to(dtype)
