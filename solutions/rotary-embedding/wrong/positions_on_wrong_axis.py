"""The table is laid along the axis before the length (the heads), so it fits only when that
happens to be as long.

角度表对齐到了长度之前的维度（头），只有两者恰好一样长时才不报错。
"""

import torch


def apply_rotary(x: torch.Tensor, positions: torch.Tensor, base: float = 10000.0) -> torch.Tensor:
    # x (..., L, D), positions (L,): the pair (i, i + D/2) turns by positions * base^(-2i/D)
    half = x.shape[-1] // 2
    steps = torch.arange(half, dtype=torch.float64, device=x.device)
    frequencies = base ** (-steps / half)  # (D/2,)
    angles = positions.to(torch.float64)[:, None] * frequencies  # (L, D/2)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    if x.dim() > 3:
        cos, sin = cos[:, None], sin[:, None]
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)
