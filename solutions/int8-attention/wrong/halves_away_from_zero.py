"""Halves are rounded away from zero, as one learns at school, instead of to the even neighbour.

一半按四舍五入远离零，而不是舍入到偶数。
"""

import math

import torch


def quantise(x):
    # (..., L, D) -> integers in -127..127 and one scale per token, (..., L, 1)
    scale = x.abs().amax(dim=-1, keepdim=True) / 127
    steps = x / scale.masked_fill(scale == 0, 1.0)  # an all-zero token stays zero
    return (steps.sign() * (steps.abs() + 0.5).floor()).to(torch.int8), scale


def int8_attention(query, key, value):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    q, q_scale = quantise(query)
    k, k_scale = quantise(key)
    # int8 times int8 is summed in int32, as the hardware does: 127 * 127 does not fit into int8.
    products = q.to(torch.int32) @ k.to(torch.int32).transpose(-2, -1)
    scores = products * q_scale * k_scale.transpose(-2, -1) / math.sqrt(query.shape[-1])
    return torch.softmax(scores, dim=-1) @ value  # (B, H, Lq, Dv)
