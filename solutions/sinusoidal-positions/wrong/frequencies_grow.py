"""The exponent has the wrong sign, so pairs turn faster and faster.

指数的符号反了，后面的各对越转越快。
"""

import torch


def sinusoidal_positions(length, dim, base=10000.0):
    positions = torch.arange(length, dtype=torch.float32)
    even = torch.arange(0, dim, 2, dtype=torch.float32)  # 2i, one for every pair
    angles = positions[:, None] * base ** (even / dim)  # (length, ceil(dim / 2))
    table = torch.empty(length, dim)
    table[:, 0::2] = torch.sin(angles)
    table[:, 1::2] = torch.cos(angles[:, : dim // 2])  # an odd dim has one cosine less
    return table
