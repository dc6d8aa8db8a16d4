"""Sines and cosines stacked as pairs, flattened and cut, in float64 until the end."""

import torch


def sinusoidal_positions(length, dim, base=10000.0):
    pairs = (dim + 1) // 2
    frequencies = torch.pow(
        torch.tensor(base, dtype=torch.float64), -2 * torch.arange(pairs, dtype=torch.float64) / dim
    )
    angles = torch.outer(torch.arange(length, dtype=torch.float64), frequencies)
    return torch.stack((angles.sin(), angles.cos()), -1).reshape(length, -1)[:, :dim].float()
