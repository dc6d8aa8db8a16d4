"""The output of an empty row is replaced by zeros only at the end, so its gradient is still NaN.

空行的输出到最后才换成零，梯度仍是 NaN。
"""

import math

import torch


def grouped_query_attention(query, key, value, mask=None):
    # query (B, H, Lq, D), key (B, Hkv, Lk, D), value (B, Hkv, Lk, Dv)
    heads, kv_heads = query.shape[1], key.shape[1]
    if heads % kv_heads != 0:
        raise ValueError(f"{heads} query heads cannot share {kv_heads} key-value heads equally")
    key = key.repeat_interleave(heads // kv_heads, dim=1)  # 0, 0, 1, 1, ...
    value = value.repeat_interleave(heads // kv_heads, dim=1)

    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    if mask is not None:
        bias = torch.zeros_like(mask, dtype=scores.dtype).masked_fill(~mask, float("-inf"))
        scores = scores + bias
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = torch.nan_to_num(weights)
    return weights @ value
