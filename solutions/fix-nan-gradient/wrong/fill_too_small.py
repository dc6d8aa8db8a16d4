"""The fill is -1e4, which allowed scores can lie below, so masked keys take part again.

只填了 -1e4，允许的分数可能更低，被掩蔽的键又参与进来。
"""

import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        weights = torch.softmax(scores.masked_fill(~mask, -1e4), dim=-1)
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ value, weights
