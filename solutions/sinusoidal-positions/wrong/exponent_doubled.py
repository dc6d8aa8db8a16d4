"""The exponent counts twice: −4i/dim instead of −2i/dim.

指数多乘了一个 2：−4i/dim 而不是 −2i/dim。
"""

import torch


def sinusoidal_positions(length, dim, base=10000.0):
    positions = torch.arange(length, dtype=torch.float32)
    even = torch.arange(0, dim, 2, dtype=torch.float32)  # 2i, one for every pair
    angles = positions[:, None] * base ** (-2 * even / dim)  # (length, ceil(dim / 2))
    table = torch.empty(length, dim)
    table[:, 0::2] = torch.sin(angles)
    table[:, 1::2] = torch.cos(angles[:, : dim // 2])  # an odd dim has one cosine less
    return table
