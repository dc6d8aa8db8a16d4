"""Neighbouring features (2i, 2i + 1) are paired, as in the original paper, instead of the two
halves.

像原论文那样把相邻特征 (2i, 2i + 1) 配对，而不是前后两半配对。
"""

import torch


def apply_rotary(x: torch.Tensor, positions: torch.Tensor, base: float = 10000.0) -> torch.Tensor:
    # x (..., L, D), positions (L,): the pair (i, i + D/2) turns by positions * base^(-2i/D)
    half = x.shape[-1] // 2
    steps = torch.arange(half, dtype=torch.float64, device=x.device)
    frequencies = base ** (-steps / half)  # (D/2,)
    angles = positions.to(torch.float64)[:, None] * frequencies  # (L, D/2)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x[..., 0::2], x[..., 1::2]
    turned = torch.stack([first * cos - second * sin, second * cos + first * sin], dim=-1)
    return turned.flatten(-2)
