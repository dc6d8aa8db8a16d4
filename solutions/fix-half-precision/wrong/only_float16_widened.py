"""Only float16 was thought of: bfloat16 inputs are turned into float16, which overflows where
bfloat16 does not.

只考虑了 float16：bfloat16 的输入被转成 float16，在 bfloat16 本不溢出的地方溢出了。
"""

import math

import torch


def attention(query, key, value, mask=None):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    dtype = query.dtype
    if dtype == torch.bfloat16:
        query, key, value = query.half(), key.half(), value.half()
    if dtype == torch.float16:
        query, key, value = query.float(), key.float(), value.float()
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row without keys is NaN until here
    return (weights @ value).to(dtype)
