"""Everything is computed in float32 and converted at the end, so float64 results are only right to
seven digits.

内部全部用 float32 计算，最后才转换，float64 的结果只有七位正确。
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
    q, k = features(query.float(), projection.float()), features(key.float(), projection.float())
    dtype, value = value.dtype, value.float()
    numerator = q @ (k.transpose(-2, -1) @ value)  # (..., Lq, Dv)
    normaliser = q @ k.sum(dim=-2)[..., None]  # (..., Lq, 1), positive
    return (numerator / normaliser).to(dtype)
