"""Each pair as a complex number, turned by multiplication with a unit number."""

import torch


def apply_rotary(x, positions, base=10000.0):
    half = x.shape[-1] // 2
    frequencies = torch.exp(
        torch.arange(half, dtype=torch.float64)
        * (-torch.log(torch.tensor(base, dtype=torch.float64)) / half)
    )
    angles = positions.double().unsqueeze(-1) * frequencies
    turn = torch.polar(torch.ones_like(angles), angles)
    z = torch.complex(x[..., :half], x[..., half:]) * turn.to(
        torch.complex128 if x.dtype == torch.float64 else torch.complex64
    )
    return torch.cat([z.real, z.imag], -1)
