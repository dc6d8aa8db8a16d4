import torch


def sinusoidal_positions(length: int, dim: int, base: float = 10000.0) -> torch.Tensor:
    # -> (length, dim), float32: even dimensions sine, odd dimensions cosine
    raise NotImplementedError
