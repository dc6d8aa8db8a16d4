import torch


def apply_rotary(x: torch.Tensor, positions: torch.Tensor, base: float = 10000.0) -> torch.Tensor:
    # x: (..., L, D) with D even, positions: (L,)
    # -> the same shape; the pair (i, i + D/2) is turned by positions * base^(-2i/D)
    raise NotImplementedError
