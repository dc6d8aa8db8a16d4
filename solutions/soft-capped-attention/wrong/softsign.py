"""score / (1 + |score| / cap) is used, which is also bounded by the cap but bends much earlier than
tanh.

用了 score / (1 + |score| / cap)：同样以 cap 为界，但比 tanh 弯曲得早得多。
"""

import math

import torch


def soft_capped_attention(query, key, value, cap):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    capped = scores / (1 + scores.abs() / cap)
    weights = torch.softmax(capped, dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
