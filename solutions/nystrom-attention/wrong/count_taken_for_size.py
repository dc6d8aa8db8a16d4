"""num_landmarks is taken for the size of a segment instead of their number.

把 num_landmarks 当成了每段的长度，而不是段数。
"""

import math

import torch


def landmarks(x, count):
    # (..., L, D) -> (..., count, D): means of consecutive equal segments
    return x.unflatten(-2, (x.shape[-2] // count, count)).mean(dim=-2)


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
    middle = kernel(query_marks, key_marks)  # (..., m, m)
    right = kernel(query_marks, key)  # (..., m, L)
    return left @ torch.linalg.pinv(middle) @ (right @ value)
