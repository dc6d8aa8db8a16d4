"""The positions are counted from 0 along the length, so a chunk after a cache is turned wrongly.

位置总是从 0 数起而忽略 positions，缓存之后的分块会转错。
"""

import torch


def apply_rotary(x: torch.Tensor, positions: torch.Tensor, base: float = 10000.0) -> torch.Tensor:
    # x (..., L, D), positions (L,): the pair (i, i + D/2) turns by positions * base^(-2i/D)
    half = x.shape[-1] // 2
    steps = torch.arange(half, dtype=torch.float64, device=x.device)
    frequencies = base ** (-steps / half)  # (D/2,)
    angles = torch.arange(x.shape[-2], dtype=torch.float64)[:, None] * frequencies  # (L, D/2)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)
