"""The sums over the keys run over the batch as well.

对键的求和把批次也加了进去。
"""

import torch


def features(x, projection):
    # x (..., L, D), projection (M, D) -> (..., L, M)
    x = x / x.shape[-1] ** 0.25  # half of 1/sqrt(D) for the query, half for the key
    length_squared = (x * x).sum(dim=-1, keepdim=True)
    # The factor 1/sqrt(M) cancels in the quotient.
    return torch.exp(x @ projection.transpose(0, 1) - length_squared / 2)


def performer_attention(query, key, value, projection):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    q, k = features(query, projection), features(key, projection)
    numerator = q @ (k.transpose(-2, -1) @ value).sum(dim=0)  # (..., Lq, Dv)
    normaliser = q @ k.sum(dim=-2)[..., None].sum(dim=0)  # (..., Lq, 1), positive
    return numerator / normaliser
