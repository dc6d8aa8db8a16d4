"""All sines come first and all cosines after them instead of taking turns.

所有正弦在前、所有余弦在后，而没有交错排列。
"""

import torch


def sinusoidal_positions(length, dim, base=10000.0):
    positions = torch.arange(length, dtype=torch.float32)
    even = torch.arange(0, dim, 2, dtype=torch.float32)  # 2i, one for every pair
    angles = positions[:, None] * base ** (-even / dim)  # (length, ceil(dim / 2))
    table = torch.empty(length, dim)
    table[:, : (dim + 1) // 2] = torch.sin(angles)
    table[:, (dim + 1) // 2 :] = torch.cos(angles[:, : dim // 2])
    return table
