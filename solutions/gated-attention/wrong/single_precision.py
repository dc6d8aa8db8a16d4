"""The gate is computed in float32 whatever the inputs are, so float64 answers are only good to
seven digits.

无论输入是什么类型都用 float32 计算门，float64 的结果只有七位有效数字。
"""

import math

import torch


def gated_attention(query, key, value, gate):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv), gate (B, H, Lq, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = torch.softmax(scores, dim=-1)
    return (weights @ value) * torch.sigmoid(gate.float()).to(value.dtype)  # (B, H, Lq, Dv)
