"""Each sequence gets the position of its place in the batch, the same for all its tokens: it runs,
and order is still unknown.

每个序列得到的是它在批次中的序号，序列内所有词元相同：能运行，但模型仍不知道顺序。
"""

import math

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.head_dim = d_model // num_heads
        self.norm1 = nn.LayerNorm(d_model)
        self.qkv_linear = nn.Linear(d_model, 3 * d_model)
        self.output_linear = nn.Linear(d_model, d_model)
        self.norm2 = nn.LayerNorm(d_model)
        self.ff1 = nn.Linear(d_model, 4 * d_model)
        self.ff2 = nn.Linear(4 * d_model, d_model)

    def attend(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, d_model = x.shape
        qkv = self.qkv_linear(x).view(batch, length, 3, self.num_heads, self.head_dim)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (B, H, L, D)
        scores = query @ key.transpose(-2, -1) / math.sqrt(self.head_dim)
        future = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
        scores = scores.masked_fill(future, float("-inf"))
        heads = torch.softmax(scores, dim=-1) @ value
        return self.output_linear(heads.transpose(1, 2).reshape(batch, length, d_model))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attend(self.norm1(x))
        return x + self.ff2(nn.functional.gelu(self.ff1(self.norm2(x))))


class MiniGPT(nn.Module):
    def __init__(
        self, vocab_size: int, d_model: int, num_heads: int, num_layers: int, max_length: int
    ):
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"d_model={d_model} is not divisible by num_heads={num_heads}")
        self.token_embedding = nn.Embedding(vocab_size, d_model)
        self.position_embedding = nn.Embedding(max_length, d_model)
        self.blocks = nn.ModuleList([Block(d_model, num_heads) for _ in range(num_layers)])
        self.norm = nn.LayerNorm(d_model)
        self.head = nn.Linear(d_model, vocab_size, bias=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        positions = torch.arange(tokens.shape[0], device=tokens.device)
        # (B, L, d_model)
        x = self.token_embedding(tokens) + self.position_embedding(positions)[:, None]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))  # (B, L, vocab_size)
