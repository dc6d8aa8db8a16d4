"""The heads are never transposed in front of the positions, so the heads of one position attend to
each other.

没有把头换到位置之前，变成同一位置的各头互相注意。
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
        # Memory holds the features of one position together, so this is the only view there is.
        return x.view(batch, length, self.num_heads, self.head_dim)

    def merge_heads(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, _, _ = x.shape
        return x.reshape(batch, length, self.num_heads * self.head_dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        query = self.split_heads(self.query_linear(x))  # (B, H, L, D)
        key = self.split_heads(self.key_linear(x))
        value = self.split_heads(self.value_linear(x))
        scores = query @ key.transpose(-2, -1) / math.sqrt(self.head_dim)
        weights = torch.softmax(scores, dim=-1)
        return self.merge_heads(weights @ value)
