"""A query without any key averages all values, as it does where masked scores are set to -1e9
and nothing else is done, instead of giving zeros.

一个键都不能注意的查询得到全部值的平均（例如只把被掩蔽的分数设为 -1e9），而不是零。
"""

import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (..., Lq, Lk)
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e9)
    weights = torch.softmax(scores, dim=-1)
    return weights @ value, weights
