"""The learned weights are not applied after the norm.

归一化之后没有乘可学习的权重。
"""

import math

import torch


def rms_norm(x, weight, eps):
    # (..., L, D) over the root mean square of its last axis, times a learned (D,)
    mean_square = x.pow(2).mean(dim=-1, keepdim=True)
    return x * torch.rsqrt(mean_square + eps)


def qk_norm_attention(query, key, value, query_weight, key_weight, eps=1e-6):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv), weights (D,)
    query = rms_norm(query, query_weight, eps)
    key = rms_norm(key, key_weight, eps)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    return torch.softmax(scores, dim=-1) @ value  # (B, H, Lq, Dv)
