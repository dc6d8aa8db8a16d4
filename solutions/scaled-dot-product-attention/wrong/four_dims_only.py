"""The sizes are unpacked as (batch, heads, length, dim), so inputs with other leading dimensions
fail.

按 (batch, heads, length, dim) 解包形状，前面维度数目不同的输入就会报错。
"""

import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    batch, heads, query_length, dim = query.shape
    key_length = key.shape[2]
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (..., Lq, Lk)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row without keys is NaN until here
    return weights @ value, weights
