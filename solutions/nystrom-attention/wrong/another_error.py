"""A length that num_landmarks does not divide fails inside reshape, with another error than
ValueError.

长度不能被 num_landmarks 整除时，在 reshape 中报错，而不是 ValueError。
"""

import math

import torch


def landmarks(x, count):
    # (..., L, D) -> (..., count, D): means of consecutive equal segments
    return x.reshape(*x.shape[:-2], count, x.shape[-2] // count, x.shape[-1]).mean(dim=-2)


def kernel(query, key):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    return torch.softmax(scores, dim=-1)


def nystrom_attention(query, key, value, num_landmarks):
    # query, key (..., L, D), value (..., L, Dv)
    query_marks = landmarks(query, num_landmarks)
    key_marks = landmarks(key, num_landmarks)
    left = kernel(query, key_marks)  # (..., L, m)
    middle = kernel(query_marks, key_marks)  # (..., m, m)
    right = kernel(query_marks, key)  # (..., m, L)
    return left @ torch.linalg.pinv(middle) @ (right @ value)
