"""The features are those of linear attention, elu + 1 of the projections.

用了线性注意力的特征，即投影的 elu + 1。
"""

import torch


def features(x, projection):
    # x (..., L, D), projection (M, D) -> (..., L, M)
    x = x / x.shape[-1] ** 0.25  # half of 1/sqrt(D) for the query, half for the key
    length_squared = (x * x).sum(dim=-1, keepdim=True)
    # The factor 1/sqrt(M) cancels in the quotient.
    return torch.nn.functional.elu(x @ projection.transpose(0, 1)) + 1


def performer_attention(query, key, value, projection):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    q, k = features(query, projection), features(key, projection)
    numerator = q @ (k.transpose(-2, -1) @ value)  # (..., Lq, Dv)
    normaliser = q @ k.sum(dim=-2)[..., None]  # (..., Lq, 1), positive
    return numerator / normaliser
