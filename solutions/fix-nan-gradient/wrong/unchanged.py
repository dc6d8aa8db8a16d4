"""The softmax of an empty row is NaN and only its value is replaced, so its gradient is NaN all the
same.

空行的 softmax 是 NaN，只替换了数值，梯度照样是 NaN。
"""

import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        bias = torch.zeros_like(mask, dtype=scores.dtype).masked_fill(~mask, float("-inf"))
        weights = torch.nan_to_num(torch.softmax(scores + bias, dim=-1))
    return weights @ value, weights
