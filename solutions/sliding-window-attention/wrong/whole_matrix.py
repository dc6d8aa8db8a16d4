"""A matrix over all pairs, of scores or of a mask alone, is built: the values are right, the
memory quadratic.

构造了所有位置对的矩阵（分数，或仅仅是掩码）：数值正确，但内存是二次的。
"""

import math

import torch


def sliding_window_attention(query, key, value, window):
    query_length, key_length = query.shape[-2], key.shape[-2]
    rows = torch.arange(key_length - query_length, key_length)
    distance = rows[:, None] - torch.arange(key_length)
    hidden = (distance < 0) | (distance >= window)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    weights = torch.softmax(scores.masked_fill(hidden, float("-inf")), dim=-1)
    return weights.masked_fill(hidden, 0.0) @ value
