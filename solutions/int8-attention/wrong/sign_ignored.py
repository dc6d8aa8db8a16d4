"""The scale comes from the largest entry instead of the largest absolute value, so large negative
entries overflow.

缩放因子取最大的元素而不是最大的绝对值，很负的元素会溢出。
"""

import math

import torch


def quantise(x):
    # (..., L, D) -> integers in -127..127 and one scale per token, (..., L, 1)
    scale = x.amax(dim=-1, keepdim=True).clamp(min=1e-12) / 127
    steps = x / scale.masked_fill(scale == 0, 1.0)  # an all-zero token stays zero
    return steps.round().clamp(-127, 127).to(torch.int8), scale


def int8_attention(query, key, value):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    q, q_scale = quantise(query)
    k, k_scale = quantise(key)
    # int8 times int8 is summed in int32, as the hardware does: 127 * 127 does not fit into int8.
    products = q.to(torch.int32) @ k.to(torch.int32).transpose(-2, -1)
    scores = products * q_scale * k_scale.transpose(-2, -1) / math.sqrt(query.shape[-1])
    return torch.softmax(scores, dim=-1) @ value  # (B, H, Lq, Dv)
