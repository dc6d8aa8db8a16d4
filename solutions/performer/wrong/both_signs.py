"""Every row of the projection is used with both signs, the hyperbolic variant of the features.

投影的每一行都以正负两个符号各用一次，那是双曲的变体。
"""

import torch


def features(x, projection):
    # x (..., L, D), projection (M, D) -> (..., L, M)
    x = x / x.shape[-1] ** 0.25  # half of 1/sqrt(D) for the query, half for the key
    length_squared = (x * x).sum(dim=-1, keepdim=True)
    # The factor 1/sqrt(M) cancels in the quotient.
    return torch.cat(
        [torch.exp(s * x @ projection.T - length_squared / 2) for s in (1, -1)], dim=-1
    )


def performer_attention(query, key, value, projection):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    q, k = features(query, projection), features(key, projection)
    numerator = q @ (k.transpose(-2, -1) @ value)  # (..., Lq, Dv)
    normaliser = q @ k.sum(dim=-2)[..., None]  # (..., Lq, 1), positive
    return numerator / normaliser
