"""Rotary position embedding with half-split pairs, as in Llama and GPT-NeoX."""

import torch


def apply_rotary(x: torch.Tensor, positions: torch.Tensor, base: float = 10000.0) -> torch.Tensor:
    # x (..., L, D), positions (L,): the pair (i, i + D/2) turns by positions * base^(-2i/D)
    half = x.shape[-1] // 2
    steps = torch.arange(half, dtype=torch.float64, device=x.device)
    frequencies = base ** (-steps / half)  # (D/2,)
    angles = positions.to(torch.float64)[:, None] * frequencies  # (L, D/2)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)
