"""An output projection is added that this layer does not have, so its parameters are unexpected
and the values differ.

多加了这一层并不具有的输出投影，参数多了一组，数值也不同。
"""

import math

import torch
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"d_model={d_model} is not divisible by num_heads={num_heads}")
        self.num_heads = num_heads
        self.head_dim = d_model // num_heads
        self.query_linear = nn.Linear(d_model, d_model)
        self.key_linear = nn.Linear(d_model, d_model)
        self.value_linear = nn.Linear(d_model, d_model)
        self.output_linear = nn.Linear(d_model, d_model)

    def split_heads(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, _ = x.shape
        x = x.view(batch, length, self.num_heads, self.head_dim)
        return x.transpose(1, 2)  # (B, H, L, D)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        query = self.split_heads(self.query_linear(x))
        key = self.split_heads(self.key_linear(x))
        value = self.split_heads(self.value_linear(x))

        scores = query @ key.transpose(-2, -1) / math.sqrt(self.head_dim)  # (B, H, L, L)
        weights = torch.softmax(scores, dim=-1)
        heads = weights @ value  # (B, H, L, D)

        batch, _, length, _ = heads.shape
        merged = heads.transpose(1, 2).reshape(batch, length, self.num_heads * self.head_dim)
        return self.output_linear(merged)
