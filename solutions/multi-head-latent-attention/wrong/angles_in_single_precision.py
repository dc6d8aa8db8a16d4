"""Something on the way, such as the rotary angles, is computed in float32, which spoils float64
results.

中途有某个量（例如旋转角度）以 float32 计算，破坏了 float64 的精度。
"""

import math

import torch
from torch import nn


def apply_rotary(x: torch.Tensor, base: float = 10000.0) -> torch.Tensor:
    # x (..., L, D) at positions 0 to L - 1: pair (i, i + D/2) turns by position * base^(-2i/D)
    length, half = x.shape[-2], x.shape[-1] // 2
    steps = torch.arange(half, dtype=torch.float32, device=x.device)
    positions = torch.arange(length, dtype=torch.float32, device=x.device)
    angles = positions[:, None] * base ** (-steps / half)  # (L, D/2)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


class MultiHeadLatentAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int, head_dim: int, latent_dim: int, rope_dim: int):
        super().__init__()
        self.num_heads, self.head_dim, self.rope_dim = num_heads, head_dim, rope_dim
        self.query_linear = nn.Linear(d_model, num_heads * (head_dim + rope_dim), bias=False)
        self.kv_down_linear = nn.Linear(d_model, latent_dim, bias=False)
        self.key_rope_linear = nn.Linear(d_model, rope_dim, bias=False)
        self.key_up_linear = nn.Linear(latent_dim, num_heads * head_dim, bias=False)
        self.value_up_linear = nn.Linear(latent_dim, num_heads * head_dim, bias=False)
        self.output_linear = nn.Linear(num_heads * head_dim, d_model, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        length, heads = x.shape[1], self.num_heads

        def split(t):  # (B, L, H * D) -> (B, H, L, D)
            return t.unflatten(-1, (heads, -1)).transpose(1, 2)

        query = split(self.query_linear(x))
        query_content, query_rope = query.split([self.head_dim, self.rope_dim], dim=-1)
        # A cache would hold these two only: the latent, and one rotary key for all heads.
        latent = self.kv_down_linear(x)
        key_rope = apply_rotary(self.key_rope_linear(x))[:, None]  # (B, 1, L, rope_dim)
        key_content = split(self.key_up_linear(latent))
        value = split(self.value_up_linear(latent))

        scores = query_content @ key_content.transpose(-2, -1)
        scores = scores + apply_rotary(query_rope) @ key_rope.transpose(-2, -1)
        scores = scores / math.sqrt(self.head_dim + self.rope_dim)
        future = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
        weights = torch.softmax(scores.masked_fill(future, float("-inf")), dim=-1)
        merged = (weights @ value).transpose(1, 2).flatten(2)  # (B, L, H * head_dim)
        return self.output_linear(merged)
