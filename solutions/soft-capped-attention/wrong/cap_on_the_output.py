"""The cap is applied to the output of the attention, as to final logits, and not to the scores.

软上限作用于注意力的输出（像最终 logits 那样），而不是分数。
"""

import math

import torch


def soft_capped_attention(query, key, value, cap):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = torch.softmax(scores, dim=-1)
    return cap * torch.tanh(weights @ value / cap)  # (B, H, Lq, Dv)
