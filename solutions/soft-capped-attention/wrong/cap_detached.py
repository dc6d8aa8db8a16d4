"""The cap is applied without gradient (straight through), so its slope is missing in the backward
pass.

前向做了软上限，反向却按恒等传梯度（直通），漏掉了 tanh 的斜率。
"""

import math

import torch


def soft_capped_attention(query, key, value, cap):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    capped = scores + (cap * torch.tanh(scores / cap) - scores).detach()
    weights = torch.softmax(capped, dim=-1)
    return weights @ value  # (B, H, Lq, Dv)
