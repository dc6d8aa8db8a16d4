"""The norms stand after the residual sums, as in the original transformer, so the residual path is
normalised.

归一化放在残差相加之后（原始 Transformer 的 post-norm），残差通路也被归一化了。
"""

import math

import torch
from torch import nn


class TransformerBlock(nn.Module):
    def __init__(self, d_model: int, num_heads: int, d_ff: int):
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"d_model={d_model} is not divisible by num_heads={num_heads}")
        self.num_heads = num_heads
        self.head_dim = d_model // num_heads
        self.norm1 = nn.LayerNorm(d_model, eps=1e-5)
        self.qkv_linear = nn.Linear(d_model, 3 * d_model)
        self.output_linear = nn.Linear(d_model, d_model)
        self.norm2 = nn.LayerNorm(d_model, eps=1e-5)
        self.ff1 = nn.Linear(d_model, d_ff)
        self.ff2 = nn.Linear(d_ff, d_model)

    def attend(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, d_model = x.shape
        qkv = self.qkv_linear(x).view(batch, length, 3, self.num_heads, self.head_dim)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (B, H, L, D)
        scores = query @ key.transpose(-2, -1) / math.sqrt(self.head_dim)
        future = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
        weights = torch.softmax(scores.masked_fill(future, float("-inf")), dim=-1)
        heads = (weights @ value).transpose(1, 2).reshape(batch, length, d_model)
        return self.output_linear(heads)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm1(x + self.attend(x))
        hidden = nn.functional.gelu(self.ff1(x))
        return self.norm2(x + self.ff2(hidden))
