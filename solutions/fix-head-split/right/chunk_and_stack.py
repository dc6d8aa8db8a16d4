"""Heads cut out of the features with chunk, attended one by one, put back with cat."""

import math

import torch
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(d_model, num_heads)
        self.num_heads, self.width = num_heads, d_model // num_heads
        self.query_linear = nn.Linear(d_model, d_model)
        self.key_linear = nn.Linear(d_model, d_model)
        self.value_linear = nn.Linear(d_model, d_model)

    def forward(self, x):
        slices = zip(
            torch.chunk(self.query_linear(x), self.num_heads, dim=2),
            torch.chunk(self.key_linear(x), self.num_heads, dim=2),
            torch.chunk(self.value_linear(x), self.num_heads, dim=2),
        )
        out = []
        for q, k, v in slices:
            scores = torch.bmm(q, k.transpose(1, 2)) / math.sqrt(self.width)
            out.append(torch.bmm(torch.softmax(scores, 2), v))
        return torch.cat(out, dim=2)
