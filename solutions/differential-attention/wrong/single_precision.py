"""The maps are computed in float32 whatever the inputs are, so float64 answers are only good to
seven digits.

无论输入是什么类型都用 float32 计算映射，float64 的结果只有七位有效数字。
"""

import math

import torch


def attention_map(query, key):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    return torch.softmax(scores.float(), dim=-1).to(scores.dtype)


def differential_attention(query1, key1, query2, key2, value, lam):
    # queries (B, H, Lq, D), keys (B, H, Lk, D), value (B, H, Lk, Dv)
    weights = attention_map(query1, key1) - lam * attention_map(query2, key2)
    return weights @ value  # (B, H, Lq, Dv); a row of weights sums to 1 - lam
