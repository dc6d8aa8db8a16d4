"""The maximum runs over the tokens (dim=-2), so the scales belong to features and cannot be taken
out of the product.

最大值沿词元维（dim=-2）取，缩放因子属于特征而不属于词元，也就无法从乘积中提出来。
"""

import math

import torch


def quantise(x):
    # (..., L, D) -> integers in -127..127 and one scale per token, (..., L, 1)
    scale = x.abs().amax(dim=-2, keepdim=True) / 127
    steps = x / scale.masked_fill(scale == 0, 1.0)  # an all-zero token stays zero
    return steps.round().to(torch.int8), scale


def int8_attention(query, key, value):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    q, q_scale = quantise(query)
    k, k_scale = quantise(key)
    products = (q * q_scale) @ (k * k_scale).transpose(-2, -1)
    scores = products / math.sqrt(query.shape[-1])
    return torch.softmax(scores, dim=-1) @ value  # (B, H, Lq, Dv)
