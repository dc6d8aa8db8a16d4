"""The range from smallest to largest entry is mapped to 255 levels with a zero point, which is
asymmetric quantisation.

把最小值到最大值映射为 255 级并带零点，那是非对称量化。
"""

import math

import torch


def quantise(x):
    # (..., L, D) -> integers in -127..127 and one scale per token, (..., L, 1)
    low, high = x.amin(dim=-1, keepdim=True), x.amax(dim=-1, keepdim=True)
    scale = (high - low).clamp(min=1e-12) / 254
    middle = (high + low) / 2
    return ((x - middle) / scale).round() * scale + middle, torch.ones_like(scale)


def int8_attention(query, key, value):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    q, q_scale = quantise(query)
    k, k_scale = quantise(key)
    products = q @ k.transpose(-2, -1)
    scores = products * q_scale * k_scale.transpose(-2, -1) / math.sqrt(query.shape[-1])
    return torch.softmax(scores, dim=-1) @ value  # (B, H, Lq, Dv)
