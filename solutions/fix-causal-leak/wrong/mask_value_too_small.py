"""Future scores are set to a finite number such as -1e4, which is not below every real score, so
very negative pasts let the future in.

未来的分数设为 -1e4 之类的有限数，并不低于所有真实分数；过去的分数很负时未来就漏了进来。
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
        scores = scores.masked_fill(future, -1e4)
        weights = torch.softmax(scores, dim=-1)
        heads = weights @ value  # (B, H, L, D)

        merged = heads.transpose(1, 2).reshape(batch, length, d_model)
        return self.output_linear(merged)
