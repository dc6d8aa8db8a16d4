"""The output of an empty row is zeroed, but the weights that are returned are a uniform average.

空行的输出清零了，返回的权重却是均匀分布。
"""

import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        weights = torch.softmax(scores.masked_fill(~mask, -1e9), dim=-1)
        alive = mask.any(-1, keepdim=True)
        return (weights * alive) @ value, weights
    return weights @ value, weights
