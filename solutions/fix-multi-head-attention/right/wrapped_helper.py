"""The smallest repair: the helper loses its parameters and takes what the layer projected."""

import math

import torch
from torch import nn


class Attention(nn.Module):
    def __init__(self, num_heads: int):
        super().__init__()
        self.num_heads = num_heads

    def forward(self, query, key, value, mask):
        query, key, value = (
            t.view(t.shape[0], t.shape[1], self.num_heads, -1).transpose(1, 2)
            for t in (query, key, value)
        )
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(mask == 0, -math.inf)
        weights = torch.softmax(scores, dim=-1)
        if mask is not None:
            weights = weights.masked_fill(mask == 0, 0.0)
        return (weights @ value).transpose(1, 2).flatten(start_dim=2)


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"{num_heads} heads do not divide {d_model}")
        self.query_linear = nn.Linear(d_model, d_model)
        self.key_linear = nn.Linear(d_model, d_model)
        self.value_linear = nn.Linear(d_model, d_model)
        self.output_linear = nn.Linear(d_model, d_model)
        self.attention = Attention(num_heads)

    def forward(self, query, key, value, mask=None) -> torch.Tensor:
        query, key, value = self.query_linear(query), self.key_linear(key), self.value_linear(value)
        return self.output_linear(self.attention(query, key, value, mask))
