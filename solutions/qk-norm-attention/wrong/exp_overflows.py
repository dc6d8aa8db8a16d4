"""The softmax is written with exp and without subtracting the maximum: the norm bounds the scores
only as long as the weights are small.

手写 softmax 时没有减去最大值：只有权重不大时，归一化才能约束分数。
"""

import math

import torch


def rms_norm(x, weight, eps):
    # (..., L, D) over the root mean square of its last axis, times a learned (D,)
    mean_square = x.pow(2).mean(dim=-1, keepdim=True)
    return x * torch.rsqrt(mean_square + eps) * weight


def qk_norm_attention(query, key, value, query_weight, key_weight, eps=1e-6):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv), weights (D,)
    query = rms_norm(query, query_weight, eps)
    key = rms_norm(key, key_weight, eps)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = scores.exp()
    return weights / weights.sum(dim=-1, keepdim=True) @ value  # (B, H, Lq, Dv)
