"""If any row is empty the whole mask is ignored, so that other rows see what they must not.

只要有一行为空就忽略整个掩码，其他行看到了不该看的键。
"""

import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        mask = mask if mask.any(-1).all() else torch.ones_like(mask)
        weights = torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=-1)
    return weights @ value, weights
