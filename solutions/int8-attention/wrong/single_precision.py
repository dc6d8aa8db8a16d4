"""The scores are computed in float32 whatever the inputs are, so float64 answers are only good to
seven digits.

无论输入是什么类型都用 float32 计算分数，float64 的结果只有七位有效数字。
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
    scores = (
        products * q_scale.float() * k_scale.float().transpose(-2, -1) / math.sqrt(query.shape[-1])
    )
    return torch.softmax(scores, dim=-1).to(value.dtype) @ value  # (B, H, Lq, Dv)
