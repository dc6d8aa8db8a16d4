"""The kernel between the landmarks is not scaled as the other two are.

界标之间的核没有像另外两个那样缩放。
"""

import math

import torch


def landmarks(x, count):
    # (..., L, D) -> (..., count, D): means of consecutive equal segments
    return x.unflatten(-2, (count, x.shape[-2] // count)).mean(dim=-2)


def kernel(query, key):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    return torch.softmax(scores, dim=-1)


def nystrom_attention(query, key, value, num_landmarks):
    # query, key (..., L, D), value (..., L, Dv)
    if query.shape[-2] % num_landmarks != 0:
        raise ValueError(f"{query.shape[-2]} positions do not split into {num_landmarks} segments")
    query_marks = landmarks(query, num_landmarks)
    key_marks = landmarks(key, num_landmarks)
    left = kernel(query, key_marks)  # (..., L, m)
    middle = torch.softmax(query_marks @ key_marks.transpose(-2, -1), dim=-1)
    right = kernel(query_marks, key)  # (..., m, L)
    return left @ torch.linalg.pinv(middle) @ (right @ value)
