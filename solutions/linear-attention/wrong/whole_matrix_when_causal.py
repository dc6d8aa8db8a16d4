"""The causal case falls back to the (Lq, Lk) matrix of weights, so its memory grows with the square
of the length.

因果情形退回到 (Lq, Lk) 的权重矩阵，内存随长度平方增长。
"""

import torch
import torch.nn.functional as F


def features(x):
    return F.elu(x) + 1  # positive: x + 1 above zero, exp(x) below


def linear_attention(query, key, value, causal=False):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    q, k = features(query), features(key)
    if causal:
        query_length, key_length = query.shape[-2], key.shape[-2]
        scores = (q @ k.transpose(-2, -1)).tril(key_length - query_length)
        numerator = scores @ value
        normaliser = scores.sum(dim=-1, keepdim=True)
    else:
        numerator = q @ (k.transpose(-2, -1) @ value)
        normaliser = q @ k.sum(dim=-2)[..., None]
    return numerator / normaliser.masked_fill(normaliser == 0, 1.0)  # 0 / 1 where nothing is seen
