"""The cap is applied to the weights after the softmax instead of to the scores.

软上限作用于 softmax 之后的权重，而不是分数。
"""

import math

import torch


def soft_capped_attention(query, key, value, cap):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = torch.softmax(scores, dim=-1)
    weights = cap * torch.tanh(weights / cap)
    return weights @ value  # (B, H, Lq, Dv)
