"""Two plain loops with the math module."""

import math

import torch


def sinusoidal_positions(length, dim, base=10000.0):
    rows = []
    for p in range(length):
        row = []
        for column in range(dim):
            angle = p / base ** (2 * (column // 2) / dim)
            row.append(math.cos(angle) if column % 2 else math.sin(angle))
        rows.append(row)
    return torch.tensor(rows, dtype=torch.float32).reshape(length, dim)
