"""The products are summed in int16, which overflows from the third feature on.

乘积用 int16 累加，从第三个特征起就会溢出。
"""

import math

import torch


def quantise(x):
    # (..., L, D) -> integers in -127..127 and one scale per token, (..., L, 1)
    scale = x.abs().amax(dim=-1, keepdim=True) / 127
    steps = x / scale.masked_fill(scale == 0, 1.0)  # an all-zero token stays zero
    return steps.round().to(torch.int8), scale


def int8_attention(query, key, value):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    q, q_scale = quantise(query)
    k, k_scale = quantise(key)
    products = q.to(torch.int16) @ k.to(torch.int16).transpose(-2, -1)
    scores = products * q_scale * k_scale.transpose(-2, -1) / math.sqrt(query.shape[-1])
    return torch.softmax(scores, dim=-1) @ value  # (B, H, Lq, Dv)
