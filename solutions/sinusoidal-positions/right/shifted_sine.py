"""One sine for all columns: a cosine is a sine a quarter turn ahead."""

import math

import torch


def sinusoidal_positions(length, dim, base=10000.0):
    column = torch.arange(dim)
    rate = base ** (-(column - column % 2).double() / dim)
    phase = (column % 2).double() * (math.pi / 2)
    return torch.sin(torch.arange(length).double().unsqueeze(-1) * rate + phase).to(torch.float32)
