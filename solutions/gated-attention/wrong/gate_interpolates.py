"""The gate mixes the attention's output with a mean of the values, so a closed gate is not silent.

gate 在注意力输出与值的平均之间插值，门关闭时仍有输出。
"""

import math

import torch


def gated_attention(query, key, value, gate):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv), gate (B, H, Lq, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = torch.softmax(scores, dim=-1)
    opened = torch.sigmoid(gate)
    return opened * (weights @ value) + (1 - opened) * value.mean(dim=-2, keepdim=True)
