"""The cache keeps keys from before the rotation; every call turns all keys anew."""

import math

import torch
from torch import nn


def rotate(x, positions):
    half = x.shape[-1] // 2
    angles = positions[:, None] * 10000.0 ** (-torch.arange(half, dtype=x.dtype) / half)
    cos, sin = torch.cos(angles), torch.sin(angles)
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)


class RotaryCachedAttention(nn.Module):
    def __init__(self, d_model, num_heads):
        super().__init__()
        if d_model % num_heads or (d_model // num_heads) % 2:
            raise ValueError("each head needs an even width")
        self.h, self.d = num_heads, d_model // num_heads
        self.qkv_linear = nn.Linear(d_model, 3 * d_model)
        self.output_linear = nn.Linear(d_model, d_model)

    def forward(self, x, cache=None):
        b, n, m = x.shape
        q, k, v = self.qkv_linear(x).view(b, n, 3, self.h, self.d).permute(2, 0, 3, 1, 4)
        if cache is not None:
            k = torch.cat([cache["key"], k], dim=2)
            v = torch.cat([cache["value"], v], dim=2)
        total = k.shape[2]
        places = torch.arange(total)
        scores = rotate(q, places[-n:]) @ rotate(k, places).mT / math.sqrt(self.d)
        scores = torch.where(places <= places[-n:, None], scores, -torch.inf)
        y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(b, n, m)
        return self.output_linear(y), {"key": k, "value": v}
