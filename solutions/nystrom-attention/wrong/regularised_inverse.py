"""A multiple of the identity is added before inverting, so the result is an approximation.

求逆之前加了单位阵的倍数，结果只是近似。
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
    middle = kernel(query_marks, key_marks)  # (..., m, m)
    right = kernel(query_marks, key)  # (..., m, L)
    return (
        left
        @ torch.linalg.inv(middle + 1e-4 * torch.eye(num_landmarks, dtype=middle.dtype))
        @ (right @ value)
    )
