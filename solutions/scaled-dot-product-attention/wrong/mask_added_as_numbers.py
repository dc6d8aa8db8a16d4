"""The boolean mask is added to the scores as 0 and 1, so masked keys are merely a little less
likely.

把布尔掩码当作 0 和 1 加到分数上，被掩蔽的键只是权重小一点。
"""

import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (..., Lq, Lk)
    if mask is not None:
        scores = scores + mask
    weights = torch.softmax(scores, dim=-1)
    return weights @ value, weights
