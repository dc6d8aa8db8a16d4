"""The scores are multiplied by the mask, so masked keys keep a score of zero and still get weight.

用分数乘以掩码，被掩蔽的键分数为零，仍然分到权重。
"""

import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (..., Lq, Lk)
    if mask is not None:
        scores = scores * mask
    weights = torch.softmax(scores, dim=-1)
    return weights @ value, weights
