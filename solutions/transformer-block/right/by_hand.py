"""LayerNorm's formula and GELU's error function written out, einsum for attention."""

import math

import torch
from torch import nn


def normalise(x, layer):
    centred = x - x.mean(-1, keepdim=True)
    variance = (centred * centred).mean(-1, keepdim=True)
    return centred / torch.sqrt(variance + 1e-5) * layer.weight + layer.bias


class TransformerBlock(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super(TransformerBlock, self).__init__()
        if d_model % num_heads != 0:
            raise ValueError(d_model)
        self.num_heads = num_heads
        self.ff2 = nn.Linear(d_ff, d_model)
        self.ff1 = nn.Linear(d_model, d_ff)
        self.norm2 = nn.LayerNorm(d_model)
        self.output_linear = nn.Linear(d_model, d_model)
        self.qkv_linear = nn.Linear(d_model, d_model * 3)
        self.norm1 = nn.LayerNorm(d_model)

    def forward(self, x):
        n = x.shape[1]
        q, k, v = self.qkv_linear(normalise(x, self.norm1)).split(x.shape[-1], dim=-1)
        q, k, v = (t.unflatten(-1, (self.num_heads, -1)) for t in (q, k, v))
        s = torch.einsum("bihd,bjhd->bhij", q, k) * q.shape[-1] ** -0.5
        s = s + torch.full((n, n), float("-inf"), dtype=x.dtype).triu(1)
        y = torch.einsum("bhij,bjhd->bihd", s.softmax(-1), v).flatten(2)
        middle = self.output_linear(y) + x
        a = self.ff1(normalise(middle, self.norm2))
        a = 0.5 * a * (1 + torch.erf(a / math.sqrt(2)))
        return self.ff2(a) + middle
