"""The two projections are swapped: keys are mixed by value_projection, values by key_projection.

两个投影用反了：键用 value_projection，值用 key_projection。
"""

import math

import torch
from torch import nn


class LinformerAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int, length: int, rank: int):
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"d_model={d_model} is not divisible by num_heads={num_heads}")
        self.num_heads = num_heads
        self.head_dim = d_model // num_heads
        self.query_linear = nn.Linear(d_model, d_model)
        self.key_linear = nn.Linear(d_model, d_model)
        self.value_linear = nn.Linear(d_model, d_model)
        self.output_linear = nn.Linear(d_model, d_model)
        self.key_projection = nn.Parameter(torch.randn(rank, length) / math.sqrt(length))
        self.value_projection = nn.Parameter(torch.randn(rank, length) / math.sqrt(length))

    def split_heads(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, _ = x.shape
        x = x.view(batch, length, self.num_heads, self.head_dim)
        return x.transpose(1, 2)  # (B, H, L, D)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        query = self.split_heads(self.query_linear(x))
        # All heads share the two projections along the length: (rank, L) @ (B, L, d_model).
        key = self.split_heads(self.value_projection @ self.key_linear(x))  # (B, H, rank, D)
        value = self.split_heads(self.key_projection @ self.value_linear(x))

        scores = query @ key.transpose(-2, -1) / math.sqrt(self.head_dim)  # (B, H, L, rank)
        heads = torch.softmax(scores, dim=-1) @ value  # (B, H, L, D)
        return self.output_linear(heads.transpose(1, 2).flatten(-2))
