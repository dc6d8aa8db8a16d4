"""The mask is read the other way round: True is taken to mean hidden, so exactly the wrong keys
are attended.

掩码的含义反了：把 True 当成“屏蔽”，注意到的恰好是不该注意的键。
"""

import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (..., Lq, Lk)
    if mask is not None:
        scores = scores.masked_fill(mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(mask, 0.0)  # a row without keys is NaN until here
    return weights @ value, weights
