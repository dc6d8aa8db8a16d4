"""A key or value is reshaped with the query's length, which breaks or mixes them where the
lengths differ.

用查询的长度来 reshape 键或值，长度不同时报错或混淆。
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
        self.query_linear = nn.Linear(d_model, d_model)
        self.key_linear = nn.Linear(d_model, d_model)
        self.value_linear = nn.Linear(d_model, d_model)
        self.output_linear = nn.Linear(d_model, d_model)

    def split_heads(self, x: torch.Tensor, length: int) -> torch.Tensor:
        batch = x.shape[0]
        x = x.view(batch, length, self.num_heads, self.head_dim)
        return x.transpose(1, 2)  # (B, H, L, D)

    def forward(self, query, key, value, mask=None) -> torch.Tensor:
        length = query.shape[1]
        query = self.split_heads(self.query_linear(query), length)
        key = self.split_heads(self.key_linear(key), length)
        value = self.split_heads(self.value_linear(value), length)

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
