"""The weights are masked after the softmax and renormalised, which is 0 / 0 when a future score is
far larger than those of the past.

softmax 之后才掩蔽权重再重新归一化，当未来的分数远大于过去时就成了 0 / 0。
"""

import math

import torch
from torch import nn


class CausalSelfAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"d_model={d_model} is not divisible by num_heads={num_heads}")
        self.num_heads = num_heads
        self.head_dim = d_model // num_heads
        self.qkv_linear = nn.Linear(d_model, 3 * d_model)
        self.output_linear = nn.Linear(d_model, d_model)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, d_model = x.shape
        qkv = self.qkv_linear(x).view(batch, length, 3, self.num_heads, self.head_dim)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (B, H, L, D)

        scores = query @ key.transpose(-2, -1) / math.sqrt(self.head_dim)  # (B, H, L, L)
        future = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
        weights = torch.softmax(scores, dim=-1).masked_fill(future, 0.0)
        weights = weights / weights.sum(dim=-1, keepdim=True)
        heads = weights @ value  # (B, H, L, D)

        merged = heads.transpose(1, 2).reshape(batch, length, d_model)
        return self.output_linear(merged)
