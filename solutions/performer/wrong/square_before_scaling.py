"""The square is taken of the vector before it was scaled.

平方用的是缩放之前的向量。
"""

import torch


def features(x, projection):
    # x (..., L, D), projection (M, D) -> (..., L, M)
    length_squared = (x * x).sum(dim=-1, keepdim=True)
    x = x / x.shape[-1] ** 0.25
    # The factor 1/sqrt(M) cancels in the quotient.
    return torch.exp(x @ projection.transpose(0, 1) - length_squared / 2)


def performer_attention(query, key, value, projection):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    q, k = features(query, projection), features(key, projection)
    numerator = q @ (k.transpose(-2, -1) @ value)  # (..., Lq, Dv)
    normaliser = q @ k.sum(dim=-2)[..., None]  # (..., Lq, 1), positive
    return numerator / normaliser
