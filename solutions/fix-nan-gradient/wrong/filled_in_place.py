"""The weights are zeroed in place, which destroys what the softmax needs for its gradient.

原地把权重清零，破坏了 softmax 求梯度所需的结果。
"""

import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        weights = torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=-1)
        weights.masked_fill_(~mask, 0.0)
    return weights @ value, weights
