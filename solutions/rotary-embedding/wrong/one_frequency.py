"""All pairs turn by the position itself, without frequencies.

所有特征对都按位置本身旋转，没有各自的频率。
"""

import torch


def apply_rotary(x: torch.Tensor, positions: torch.Tensor, base: float = 10000.0) -> torch.Tensor:
    # x (..., L, D), positions (L,): the pair (i, i + D/2) turns by positions * base^(-2i/D)
    half = x.shape[-1] // 2
    steps = torch.arange(half, dtype=torch.float64, device=x.device)
    frequencies = torch.ones_like(steps)
    angles = positions.to(torch.float64)[:, None] * frequencies  # (L, D/2)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)
