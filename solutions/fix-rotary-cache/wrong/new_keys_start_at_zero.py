"""The queries have their true positions, the new keys those within the chunk.

查询用的是真实位置，新键用的却是块内位置。
"""

import math

import torch
from torch import nn


def rotate(x: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    # x (B, H, L, D): the pair (i, i + D/2) turns by positions * 10000^(-2i/D)
    half = x.shape[-1] // 2
    steps = torch.arange(half, dtype=x.dtype, device=x.device)
    angles = positions.to(x.dtype)[:, None] * 10000.0 ** (-steps / half)  # (L, D/2)
    cos, sin = angles.cos(), angles.sin()
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


class RotaryCachedAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        if d_model % (2 * num_heads) != 0:
            raise ValueError(f"d_model={d_model} gives no even width to each of {num_heads} heads")
        self.num_heads = num_heads
        self.head_dim = d_model // num_heads
        self.qkv_linear = nn.Linear(d_model, 3 * d_model)
        self.output_linear = nn.Linear(d_model, d_model)

    def forward(self, x: torch.Tensor, cache=None):
        batch, length, d_model = x.shape
        qkv = self.qkv_linear(x).view(batch, length, 3, self.num_heads, self.head_dim)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (B, H, L, D)
        past = 0 if cache is None else cache[0].shape[2]
        positions = torch.arange(past, past + length, device=x.device)
        query, key = rotate(query, positions), rotate(key, positions - past)
        if cache is not None:
            key = torch.cat([cache[0], key], dim=2)  # the cached keys are turned already
            value = torch.cat([cache[1], value], dim=2)

        scores = query @ key.transpose(-2, -1) / math.sqrt(self.head_dim)
        future = torch.ones(length, past + length, dtype=torch.bool, device=x.device).triu(past + 1)
        weights = torch.softmax(scores.masked_fill(future, float("-inf")), dim=-1)
        merged = (weights @ value).transpose(1, 2).reshape(batch, length, d_model)
        return self.output_linear(merged), (key, value)
