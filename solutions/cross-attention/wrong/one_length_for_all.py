"""Keys and values are reshaped with the length of x, so it fails whenever the lengths differ.

键和值也按 x 的长度变形，长度不同时就会出错。
"""

import math

import torch
from torch import nn


class CrossAttention(nn.Module):
    def __init__(self, d_model: int, context_dim: int, num_heads: int):
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"d_model={d_model} is not divisible by num_heads={num_heads}")
        self.num_heads = num_heads
        self.head_dim = d_model // num_heads
        self.query_linear = nn.Linear(d_model, d_model)
        self.key_linear = nn.Linear(context_dim, d_model)
        self.value_linear = nn.Linear(context_dim, d_model)
        self.output_linear = nn.Linear(d_model, d_model)

    def split_heads(self, x: torch.Tensor, length: int) -> torch.Tensor:
        batch = x.shape[0]
        x = x.view(batch, length, self.num_heads, self.head_dim)
        return x.transpose(1, 2)  # (B, H, L, D)

    def forward(self, x, context, context_mask=None) -> torch.Tensor:
        query = self.split_heads(self.query_linear(x), x.shape[1])  # (B, H, Lq, D)
        key = self.split_heads(self.key_linear(context), x.shape[1])  # (B, H, Lk, D)
        value = self.split_heads(self.value_linear(context), x.shape[1])

        scores = query @ key.transpose(-2, -1) / math.sqrt(self.head_dim)  # (B, H, Lq, Lk)
        if context_mask is not None:
            hidden = ~context_mask[:, None, None, :]  # (B, 1, 1, Lk)
            scores = scores.masked_fill(hidden, float("-inf"))
        weights = torch.softmax(scores, dim=-1)
        if context_mask is not None:
            weights = weights.masked_fill(hidden, 0.0)  # an empty context is NaN until here
        heads = weights @ value  # (B, H, Lq, D)

        batch, _, length, _ = heads.shape
        merged = heads.transpose(1, 2).reshape(batch, length, self.num_heads * self.head_dim)
        return self.output_linear(merged)
