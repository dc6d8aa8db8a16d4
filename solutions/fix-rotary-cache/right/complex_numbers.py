"""Pairs as complex numbers times a unit complex number; a class as the cache."""

import torch
import torch.nn.functional as F
from torch import nn


class Cache:
    def __init__(self):
        self.keys, self.values, self.position = [], [], 0


class RotaryCachedAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        if d_model % (2 * num_heads):
            raise ValueError(f"{d_model=} {num_heads=}")
        self.num_heads = num_heads
        self.output_linear = nn.Linear(d_model, d_model)
        self.qkv_linear = nn.Linear(d_model, 3 * d_model)

    def turn(self, x, positions):
        half = x.shape[-1] // 2
        rates = torch.pow(10000.0, -torch.arange(half, dtype=x.dtype) / half)
        angles = torch.outer(positions.to(x.dtype), rates)
        unit = torch.polar(torch.ones_like(angles), angles)
        z = torch.complex(x[..., :half].contiguous(), x[..., half:].contiguous()) * unit
        return torch.cat([z.real, z.imag], dim=-1)

    def forward(self, x, cache=None):
        cache = Cache() if cache is None else cache
        b, n, m = x.shape
        q, k, v = (
            t.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
            for t in self.qkv_linear(x).chunk(3, dim=-1)
        )
        positions = cache.position + torch.arange(n)
        cache.keys.append(self.turn(k, positions))
        cache.values.append(v)
        cache.position += n
        k, v = torch.cat(cache.keys, 2), torch.cat(cache.values, 2)
        allowed = torch.ones(n, k.size(2), dtype=torch.bool).tril(k.size(2) - n)
        y = F.scaled_dot_product_attention(self.turn(q, positions), k, v, attn_mask=allowed)
        return self.output_linear(y.transpose(1, 2).reshape(b, n, m)), cache
