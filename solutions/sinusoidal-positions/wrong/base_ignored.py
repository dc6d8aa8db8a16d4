"""The base is always 10000, whatever the argument.

无论参数是什么，base 总是 10000。
"""

import torch


def sinusoidal_positions(length, dim, base=10000.0):
    positions = torch.arange(length, dtype=torch.float32)
    even = torch.arange(0, dim, 2, dtype=torch.float32)  # 2i, one for every pair
    angles = positions[:, None] * 10000.0 ** (-even / dim)  # (length, ceil(dim / 2))
    table = torch.empty(length, dim)
    table[:, 0::2] = torch.sin(angles)
    table[:, 1::2] = torch.cos(angles[:, : dim // 2])  # an odd dim has one cosine less
    return table
