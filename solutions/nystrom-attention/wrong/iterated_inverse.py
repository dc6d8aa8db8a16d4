"""The inverse is the paper's iteration with six steps, which is no exact inverse.

逆用了论文中的六步迭代，并不精确。
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
    rows, columns = middle.sum(-1).amax(-1), middle.sum(-2).amax(-1)
    inverse = middle.transpose(-2, -1) / (rows * columns)[..., None, None]
    one = torch.eye(num_landmarks, dtype=middle.dtype)
    for _ in range(6):
        near = middle @ inverse
        inverse = inverse @ (13 * one - near @ (15 * one - near @ (7 * one - near))) / 4
    return left @ inverse @ (right @ value)
