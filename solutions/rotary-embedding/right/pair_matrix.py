"""A 2 x 2 rotation matrix for every position and pair, applied by einsum."""

import torch


def apply_rotary(x, positions, base=10000.0):
    pairs = x.unflatten(-1, (2, -1))
    exponent = torch.arange(0, x.size(-1), 2, dtype=torch.float64) / x.size(-1)
    theta = positions.to(torch.float64).view(-1, 1) * torch.pow(
        torch.tensor(base).double(), -exponent
    )
    c, s = torch.cos(theta), torch.sin(theta)
    matrix = torch.stack([torch.stack([c, -s]), torch.stack([s, c])]).to(x.dtype)
    return torch.einsum("rcli,...lci->...lri", matrix, pairs).flatten(-2)
