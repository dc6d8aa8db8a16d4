"""Each head takes every num_heads-th feature instead of a consecutive slice, so the heads read the
wrong rows of the weights.

每个头每隔 num_heads 个取一个特征，而不是取连续的一段，各头读到了错误的权重行。
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

    def split_heads(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, _ = x.shape
        x = x.view(batch, length, self.head_dim, self.num_heads)
        return x.permute(0, 3, 1, 2)  # (B, H, L, D)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        query = self.split_heads(self.query_linear(x))
        key = self.split_heads(self.key_linear(x))
        value = self.split_heads(self.value_linear(x))

        scores = query @ key.transpose(-2, -1) / math.sqrt(self.head_dim)  # (B, H, L, L)
        weights = torch.softmax(scores, dim=-1)
        heads = weights @ value  # (B, H, L, D)

        batch, _, length, _ = heads.shape
        return heads.permute(0, 2, 3, 1).reshape(batch, length, self.num_heads * self.head_dim)
