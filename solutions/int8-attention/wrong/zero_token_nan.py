"""A token of zeros is divided by its scale of zero, which gives NaN.

全零的词元除以为零的缩放因子，得到 NaN。
"""

import math

import torch


def quantise(x):
    # (..., L, D) -> integers in -127..127 and one scale per token, (..., L, 1)
    scale = x.abs().amax(dim=-1, keepdim=True) / 127
    return (x / scale).round(), scale


def int8_attention(query, key, value):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    q, q_scale = quantise(query)
    k, k_scale = quantise(key)
    products = q @ k.transpose(-2, -1)
    scores = products * q_scale * k_scale.transpose(-2, -1) / math.sqrt(query.shape[-1])
    return torch.softmax(scores, dim=-1) @ value  # (B, H, Lq, Dv)
