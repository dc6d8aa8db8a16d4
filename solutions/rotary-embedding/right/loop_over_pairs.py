"""One pair of features at a time."""

import torch


def apply_rotary(x, positions, base=10000.0):
    d = x.shape[-1]
    out = torch.empty_like(x)
    columns = [None] * d
    for i in range(d // 2):
        angle = positions.to(torch.float64) * float(base) ** (-2.0 * i / d)
        c, s = angle.cos().to(x), angle.sin().to(x)
        columns[i] = x[..., i] * c - x[..., i + d // 2] * s
        columns[i + d // 2] = x[..., i] * s + x[..., i + d // 2] * c
    del out
    return torch.stack(columns, dim=-1)
