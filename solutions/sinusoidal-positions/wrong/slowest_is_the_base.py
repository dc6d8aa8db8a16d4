"""The frequencies run over dim − 2, so the last pair reaches 1/base exactly, instead of over dim.

指数的分母是 dim − 2 而不是 dim，最后一对恰好到达 1/base。
"""

import torch


def sinusoidal_positions(length, dim, base=10000.0):
    positions = torch.arange(length, dtype=torch.float32)
    even = torch.arange(0, dim, 2, dtype=torch.float32)  # 2i, one for every pair
    angles = positions[:, None] * base ** (-even / max(dim - 2, 1))  # (length, ceil(dim / 2))
    table = torch.empty(length, dim)
    table[:, 0::2] = torch.sin(angles)
    table[:, 1::2] = torch.cos(angles[:, : dim // 2])  # an odd dim has one cosine less
    return table
