"""The score is multiplied by the cap inside the tanh and divided by it outside, the wrong way
round.

tanh 里乘了 cap、外面除以 cap，正好弄反。
"""

import math

import torch


def soft_capped_attention(query, key, value, cap):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    capped = torch.tanh(scores * cap) / cap
    weights = torch.softmax(capped, dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
