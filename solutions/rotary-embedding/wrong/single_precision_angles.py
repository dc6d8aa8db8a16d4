"""The angles are computed in float32 whatever the dtype of x, so float64 answers are wrong at far
positions.

无论 x 是什么 dtype 都用 float32 计算角度，位置很远时 float64 的结果不准确。
"""

import torch


def apply_rotary(x: torch.Tensor, positions: torch.Tensor, base: float = 10000.0) -> torch.Tensor:
    # x (..., L, D), positions (L,): the pair (i, i + D/2) turns by positions * base^(-2i/D)
    half = x.shape[-1] // 2
    steps = torch.arange(half, dtype=torch.float64, device=x.device)
    frequencies = base ** (-steps / half)  # (D/2,)
    angles = (positions.float()[:, None] * frequencies.float()).double()  # (L, D/2)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)
