"""A length that num_landmarks does not divide is not refused: the positions that are left over join
no segment.

长度不能被 num_landmarks 整除时没有报错：多出的位置不属于任何一段。
"""

import math

import torch


def landmarks(x, count):
    # (..., L, D) -> (..., count, D): means of consecutive equal segments
    size = max(1, x.shape[-2] // count)
    return x[..., : count * size, :].unflatten(-2, (-1, size)).mean(dim=-2)


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
