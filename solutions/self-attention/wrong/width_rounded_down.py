"""A d_model that num_heads does not divide is not refused with ValueError when the layer is made.

构造时没有用 ValueError 拒绝不能被 num_heads 整除的 d_model。
"""

import math

import torch
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.head_dim = d_model // num_heads
        self.query_linear = nn.Linear(d_model, d_model)
        self.key_linear = nn.Linear(d_model, d_model)
        self.value_linear = nn.Linear(d_model, d_model)

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
        return heads.transpose(1, 2).reshape(batch, length, self.num_heads * self.head_dim)
