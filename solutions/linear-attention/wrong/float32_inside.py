"""Everything is computed in float32 and converted at the end, so float64 results are only right to
seven digits.

内部全部用 float32 计算，最后才转换，float64 的结果只有七位正确。
"""

import torch
import torch.nn.functional as F


def features(x):
    return F.elu(x) + 1  # positive: x + 1 above zero, exp(x) below


def linear_attention(query, key, value, causal=False):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    q, k, value = features(query.float()), features(key.float()), value.float()
    if causal:
        # Running sums over the keys; entry n is the state after n keys.
        products = k[..., :, None] * value[..., None, :]  # (..., Lk, D, Dv)
        state = F.pad(products.cumsum(dim=-3), (0, 0, 0, 0, 1, 0))
        total = F.pad(k.cumsum(dim=-2), (0, 0, 1, 0))
        # The queries are the last positions: query i has seen i + 1 + Lk - Lq keys.
        query_length, key_length = query.shape[-2], key.shape[-2]
        seen = torch.arange(1, query_length + 1) + key_length - query_length
        seen = seen.clamp(min=0)
        numerator = (q[..., None, :] @ state[..., seen, :, :]).squeeze(-2)
        normaliser = (q * total[..., seen, :]).sum(dim=-1, keepdim=True)
    else:
        numerator = q @ (k.transpose(-2, -1) @ value)
        normaliser = q @ k.sum(dim=-2)[..., None]
    return (numerator / normaliser.masked_fill(normaliser == 0, 1.0)).to(query.dtype)
