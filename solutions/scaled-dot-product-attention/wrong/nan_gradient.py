"""A query without keys gets zeros, but NaN arises on the way to them (and is repaired with
nan_to_num, say), so its gradient is NaN.

没有键可注意的查询得到零，但中途出现了 NaN（例如最后才用 nan_to_num 修补），梯度因此是 NaN。
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
