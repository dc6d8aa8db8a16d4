"""The scores are not divided by the square root of the head dimension.

分数没有除以 head_dim 的平方根。
"""

import math

import torch


def window_attention(query, key, value, height, width, window, shift=0):
    # query, key (B, heads, height * width, D), value (B, heads, height * width, Dv)
    def cut(x):  # (..., height * width, D) -> (..., windows, window^2, D)
        image = x.unflatten(-2, (height, width)).roll((-shift, -shift), dims=(-3, -2))
        image = image.unflatten(-2, (-1, window)).unflatten(-4, (-1, window))
        return image.transpose(-4, -3).flatten(-3, -2).flatten(-4, -3)

    # Rolling brings the first `shift` rows and columns to the far side: regions of their own.
    rows, columns = torch.arange(height) < shift, torch.arange(width) < shift
    region = cut((2 * rows[:, None] + columns).view(-1, 1))  # (windows, window^2, 1)
    apart = region != region.transpose(-2, -1)  # (windows, window^2, window^2)

    q, k, v = cut(query), cut(key), cut(value)
    scores = q @ k.transpose(-2, -1)
    weights = torch.softmax(scores.masked_fill(apart, float("-inf")), dim=-1)
    out = (weights @ v).unflatten(-3, (-1, width // window)).unflatten(-2, (window, window))
    image = out.transpose(-4, -3).flatten(-3, -2).flatten(-4, -3)  # (..., height, width, Dv)
    return image.roll((shift, shift), dims=(-3, -2)).flatten(-3, -2)
