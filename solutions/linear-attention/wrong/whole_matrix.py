"""The (Lq, Lk) matrix of all weights is built and masked, so memory grows with the square of the
length.

构造了完整的 (Lq, Lk) 权重矩阵再加掩码，内存随长度平方增长。
"""

import torch
import torch.nn.functional as F


def features(x):
    return F.elu(x) + 1  # positive: x + 1 above zero, exp(x) below


def linear_attention(query, key, value, causal=False):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    scores = features(query) @ features(key).transpose(-2, -1)
    if causal:
        query_length, key_length = query.shape[-2], key.shape[-2]
        scores = scores.tril(key_length - query_length)
    normaliser = scores.sum(dim=-1, keepdim=True)
    return (scores / normaliser.masked_fill(normaliser == 0, 1.0)) @ value
