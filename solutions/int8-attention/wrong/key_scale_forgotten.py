"""The integer products are multiplied back by the query's scale only, not by the key's.

整数乘积只乘回了查询的缩放因子，漏了键的。
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
    # int8 times int8 is summed in int32, as the hardware does: 127 * 127 does not fit into int8.
    products = q.to(torch.int32) @ k.to(torch.int32).transpose(-2, -1)
    scores = products * q_scale / math.sqrt(query.shape[-1])
    return torch.softmax(scores, dim=-1) @ value  # (B, H, Lq, Dv)
