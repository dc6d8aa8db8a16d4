"""A list of chunks, appended in place; past chunks need no mask, the newest a triangle."""

import math

import torch
from torch import nn


class CachedSelfAttention(nn.Module):
    def __init__(self, d_model, num_heads):
        super().__init__()
        if d_model % num_heads:
            raise ValueError(d_model, num_heads)
        self.num_heads = num_heads
        self.qkv_linear = nn.Linear(d_model, 3 * d_model)
        self.output_linear = nn.Linear(d_model, d_model)

    def forward(self, x, cache=None):
        cache = cache if cache is not None else []
        b, n, m = x.shape
        h, d = self.num_heads, m // self.num_heads
        q, k, v = self.qkv_linear(x).view(b, n, 3, h, d).permute(2, 0, 3, 1, 4).unbind(0)
        cache.append((k, v))
        scores = [q @ past.transpose(2, 3) / math.sqrt(d) for past, _ in cache]
        scores[-1] = scores[-1] + torch.triu(torch.full((n, n), -math.inf, dtype=x.dtype), 1)
        weights = torch.cat(scores, -1).softmax(-1).split([p.shape[2] for p, _ in cache], -1)
        out = sum(w @ past for w, (_, past) in zip(weights, cache))
        return self.output_linear(out.transpose(1, 2).reshape(b, n, m)), cache
