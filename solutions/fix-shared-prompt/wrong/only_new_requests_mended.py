"""Each request starts afresh, but the cache that was passed in is still changed, so a second
answer from the same prompt has read the first.

每个请求都从头开始，但传入的缓存仍被改动，同一提示的第二个回答读到了第一个。
"""

import math

import torch
from torch import nn


class CachedSelfAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"d_model={d_model} is not divisible by num_heads={num_heads}")
        self.num_heads = num_heads
        self.head_dim = d_model // num_heads
        self.qkv_linear = nn.Linear(d_model, 3 * d_model)
        self.output_linear = nn.Linear(d_model, d_model)

    def forward(self, x: torch.Tensor, cache=None):
        cache = [] if cache is None else cache
        batch, length, d_model = x.shape
        qkv = self.qkv_linear(x).view(batch, length, 3, self.num_heads, self.head_dim)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        cache.append((key, value))
        key = torch.cat([chunk[0] for chunk in cache], dim=2)
        value = torch.cat([chunk[1] for chunk in cache], dim=2)

        scores = query @ key.transpose(-2, -1) / math.sqrt(self.head_dim)
        past = key.shape[2] - length
        future = torch.ones(length, past + length, dtype=torch.bool, device=x.device).triu(past + 1)
        weights = torch.softmax(scores.masked_fill(future, float("-inf")), dim=-1)
        merged = (weights @ value).transpose(1, 2).reshape(batch, length, d_model)
        return self.output_linear(merged), cache
