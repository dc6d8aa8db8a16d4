"""One head at a time on chunks of the features, concatenated at the end."""

import math

import torch
from torch import nn
from torch.nn import functional as F


class Head(nn.Module):
    def forward(self, q, k, v):
        scores = torch.bmm(q, k.permute(0, 2, 1)) / math.sqrt(q.size(-1))
        return torch.bmm(F.softmax(scores, dim=2), v)


class SelfAttention(nn.Module):
    def __init__(self, d_model=8, num_heads=2):
        super().__init__()
        if d_model // num_heads * num_heads != d_model:
            raise ValueError(f"{d_model} / {num_heads}")
        self.num_heads = num_heads
        self.head = Head()
        for name in ("query", "key", "value"):
            setattr(self, f"{name}_linear", nn.Linear(d_model, d_model))

    def forward(self, x):
        parts = [
            layer(x).chunk(self.num_heads, dim=-1)
            for layer in (self.query_linear, self.key_linear, self.value_linear)
        ]
        return torch.cat([self.head(q, k, v) for q, k, v in zip(*parts)], dim=-1)
