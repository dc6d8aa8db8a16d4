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

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, d_model = x.shape
        query = self.query_linear(x).view(batch, length, self.num_heads, self.head_dim)
        key = self.key_linear(x).view(batch, length, self.num_heads, self.head_dim)
        value = self.value_linear(x).view(batch, length, self.num_heads, self.head_dim)
        query, key, value = query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2)

        scores = query @ key.transpose(-2, -1) / math.sqrt(d_model)
        weights = torch.softmax(scores, dim=-1)
        return (weights @ value).reshape(batch, length, d_model)


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.attention = SelfAttention(d_model, num_heads)

    def forward(self, query, key, value, mask=None) -> torch.Tensor:
        return self.attention(query, key, value)
