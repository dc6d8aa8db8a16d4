"""An additive -inf mask is repaired with nan_to_num: the value is zero, but the gradient of a
query without keys is NaN.

加性 -inf 掩码之后用 nan_to_num 补救：数值为零，但没有键可注意的查询梯度仍是 NaN。
"""

import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (..., Lq, Lk)
    if mask is not None:
        bias = torch.zeros_like(scores).masked_fill(~mask, float("-inf"))
        scores = scores + bias
    weights = torch.softmax(scores, dim=-1)
    weights = torch.nan_to_num(weights)
    return weights @ value, weights
