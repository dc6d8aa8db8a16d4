"""The projections stay inside a wrapped module, so their names carry its prefix and the agreed
weights cannot be loaded.

投影仍放在被包装的模块里，参数名带有它的前缀，无法按约定的名字加载权重。
"""

import math

import torch
from torch import nn


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"d_model={d_model} is not divisible by num_heads={num_heads}")
        self.num_heads = num_heads
        self.head_dim = d_model // num_heads
        self.attention = nn.ModuleDict(
            {name: nn.Linear(d_model, d_model) for name in ("query", "key", "value")}
        )
        self.output_linear = nn.Linear(d_model, d_model)

    def split_heads(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, _ = x.shape
        x = x.view(batch, length, self.num_heads, self.head_dim)
        return x.transpose(1, 2)  # (B, H, L, D)

    def forward(self, query, key, value, mask=None) -> torch.Tensor:
        query = self.split_heads(self.attention["query"](query))
        key = self.split_heads(self.attention["key"](key))
        value = self.split_heads(self.attention["value"](value))

        scores = query @ key.transpose(-2, -1) / math.sqrt(self.head_dim)  # (B, H, Lq, Lk)
        if mask is not None:
            scores = scores.masked_fill(~mask, float("-inf"))
        weights = torch.softmax(scores, dim=-1)
        if mask is not None:
            weights = weights.masked_fill(~mask, 0.0)  # a row without keys is NaN until here
        heads = weights @ value  # (B, H, Lq, D)

        batch, _, length, _ = heads.shape
        merged = heads.transpose(1, 2).reshape(batch, length, self.num_heads * self.head_dim)
        return self.output_linear(merged)
