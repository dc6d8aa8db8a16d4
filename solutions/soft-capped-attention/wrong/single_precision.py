"""Scores and weights are computed in float32 whatever the inputs are, so float64 answers are only
good to seven digits.

无论输入是什么类型都用 float32 计算分数和权重，float64 的结果只有七位有效数字。
"""

import math

import torch


def soft_capped_attention(query, key, value, cap):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = (
        query.float() @ key.float().transpose(-2, -1) / math.sqrt(query.shape[-1])
    )  # (B, H, Lq, Lk)
    capped = cap * torch.tanh(scores / cap)
    weights = torch.softmax(capped, dim=-1)
    return weights.to(value.dtype) @ value  # (B, H, Lq, Dv)
