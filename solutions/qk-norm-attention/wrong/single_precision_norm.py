"""The norm is computed in float32, as many models do for bfloat16, so float64 answers are only good
to seven digits.

归一化像许多 bfloat16 模型那样在 float32 中计算，float64 的结果只有七位有效数字。
"""

import math

import torch


def rms_norm(x, weight, eps):
    # (..., L, D) over the root mean square of its last axis, times a learned (D,)
    kind, x = x.dtype, x.float()
    mean_square = x.pow(2).mean(dim=-1, keepdim=True)
    return (x * torch.rsqrt(mean_square + eps)).to(kind) * weight


def qk_norm_attention(query, key, value, query_weight, key_weight, eps=1e-6):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv), weights (D,)
    query = rms_norm(query, query_weight, eps)
    key = rms_norm(key, key_weight, eps)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    return torch.softmax(scores, dim=-1) @ value  # (B, H, Lq, Dv)
