"""The gated output is added to the plain one, so a closed gate still lets everything through.

把门控后的输出加到原输出上，门关闭时仍全部通过。
"""

import math

import torch


def gated_attention(query, key, value, gate):
    # query (B, H, Lq, D), key (B, H, Lk, D), value (B, H, Lk, Dv), gate (B, H, Lq, Dv)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    weights = torch.softmax(scores, dim=-1)
    output = weights @ value
    return (output + output * torch.sigmoid(gate)) / 2
