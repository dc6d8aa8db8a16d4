"""Of a query without keys only the output is set to zero, its weights are still NaN.

没有键可注意的查询只把输出置零，权重仍是 NaN。
"""

import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (..., Lq, Lk)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    return torch.nan_to_num(weights @ value), weights
