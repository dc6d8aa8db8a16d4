"""Keys are stored plain and turned back by their distance; queries are not turned at all."""

import torch
from torch import nn


def turned(x, angles):
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()], -1)


class RotaryCachedAttention(nn.Module):
    def __init__(self, d_model, num_heads):
        super(RotaryCachedAttention, self).__init__()
        if d_model % num_heads != 0:
            raise ValueError("indivisible")
        if d_model // num_heads % 2 != 0:
            raise ValueError("odd head_dim")
        self.num_heads = num_heads
        self.qkv_linear = nn.Linear(d_model, 3 * d_model)
        self.output_linear = nn.Linear(d_model, d_model)

    def forward(self, x, cache=None):
        b, n, m = x.shape
        h, d = self.num_heads, m // self.num_heads
        q, k, v = self.qkv_linear(x).reshape(b, n, 3, h, d).permute(2, 0, 3, 1, 4).unbind(0)
        if cache is not None:
            k, v = (torch.cat(pair, 2) for pair in zip(cache, (k, v)))
        past = k.shape[2] - n
        rate = 10000.0 ** (-2 * torch.arange(d // 2, dtype=x.dtype) / d)
        rows = []
        for i in range(n):
            seen = past + i + 1
            distance = torch.arange(seen, dtype=x.dtype) - (seen - 1)
            keys = turned(k[:, :, :seen], distance[:, None] * rate)
            s = (keys @ q[:, :, i, :, None]).squeeze(-1) / d**0.5
            rows.append((s.softmax(-1)[..., None, :] @ v[:, :, :seen]).squeeze(2))
        return self.output_linear(torch.stack(rows, 1).reshape(b, n, m)), (k, v)
