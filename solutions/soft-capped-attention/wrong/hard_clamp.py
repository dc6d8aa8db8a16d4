"""The scores are clamped to ±cap, which has no gradient beyond the cap and leaves smaller scores as
they are.

把分数硬截断到 ±cap：超出部分没有梯度，较小的分数则原样不变。
"""

import math

import torch


def soft_capped_attention(query, key, value, cap):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    capped = scores.clamp(-cap, cap)
    weights = torch.softmax(capped, dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
