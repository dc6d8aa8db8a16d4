"""An arctangent takes the place of the tanh, so the scores reach beyond the cap.

用 arctan 代替 tanh，分数会超出 cap。
"""

import math

import torch


def soft_capped_attention(query, key, value, cap):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    capped = cap * torch.atan(scores / cap)
    weights = torch.softmax(capped, dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
