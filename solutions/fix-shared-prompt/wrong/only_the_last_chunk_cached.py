"""The returned cache holds the newest chunk alone, so the second token after the prompt has lost
it.

返回的缓存只有最新的一块，提示之后的第二个词元就丢了提示。
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
        batch, length, d_model = x.shape
        qkv = self.qkv_linear(x).view(batch, length, 3, self.num_heads, self.head_dim)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (B, H, L, D)
        new = (key, value)
        if cache is not None:
            key = torch.cat([cache[0], key], dim=2)  # (B, H, past + L, D)
            value = torch.cat([cache[1], value], dim=2)
        cache = new

        scores = query @ key.transpose(-2, -1) / math.sqrt(self.head_dim)
        past = key.shape[2] - length
        future = torch.ones(length, past + length, dtype=torch.bool, device=x.device).triu(past + 1)
        weights = torch.softmax(scores.masked_fill(future, float("-inf")), dim=-1)
        merged = (weights @ value).transpose(1, 2).reshape(batch, length, d_model)
        return self.output_linear(merged), cache
