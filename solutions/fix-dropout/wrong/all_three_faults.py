"""All three faults are still there: scores are zeroed instead of weights, nothing is scaled up, and
evaluation is random, too.

三处错误都还在：置零的是分数而不是权重，没有放大，评估时也是随机的。
"""

import math

import torch
from torch import nn


class DropoutSelfAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int, dropout: float):
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"d_model={d_model} is not divisible by num_heads={num_heads}")
        self.num_heads = num_heads
        self.head_dim = d_model // num_heads
        self.dropout = dropout
        self.qkv_linear = nn.Linear(d_model, 3 * d_model)
        self.output_linear = nn.Linear(d_model, d_model)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, d_model = x.shape
        qkv = self.qkv_linear(x).view(batch, length, 3, self.num_heads, self.head_dim)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (B, H, L, D)
        scores = query @ key.transpose(-2, -1) / math.sqrt(self.head_dim)
        keep = torch.rand_like(scores) >= self.dropout
        weights = torch.softmax(scores * keep, dim=-1)
        merged = (weights @ value).transpose(1, 2).reshape(batch, length, d_model)
        return self.output_linear(merged)
