"""Every column has an exponent of its own, so a sine and its cosine turn at different speeds.

每一列都用自己的下标作指数，同一对的正弦与余弦转速不同。
"""

import torch


def sinusoidal_positions(length, dim, base=10000.0):
    positions = torch.arange(length, dtype=torch.float32)
    even = torch.arange(0, dim, 2, dtype=torch.float32)  # 2i, one for every pair
    angles = positions[:, None] * base ** (-even / dim)  # (length, ceil(dim / 2))
    table = torch.empty(length, dim)
    table[:, 0::2] = torch.sin(angles)
    odd = torch.arange(1, dim, 2, dtype=torch.float32)
    table[:, 1::2] = torch.cos(positions[:, None] * base ** (-odd / dim))
    return table
