"""Copies of one block, an additive mask kept as a buffer of full length, einsum over heads."""

import copy

import torch
import torch.nn as nn


class Block(nn.Module):
    def __init__(self, d_model, num_heads, max_length):
        super().__init__()
        self.num_heads = num_heads
        self.norm1 = nn.LayerNorm(d_model, eps=1e-5)
        self.norm2 = nn.LayerNorm(d_model, eps=1e-5)
        self.qkv_linear = nn.Linear(d_model, 3 * d_model)
        self.output_linear = nn.Linear(d_model, d_model)
        self.ff1 = nn.Linear(d_model, 4 * d_model)
        self.ff2 = nn.Linear(4 * d_model, d_model)
        bias = torch.full((max_length, max_length), float("-inf")).triu(1)
        self.register_buffer("bias", bias)

    def forward(self, x):
        n = x.shape[1]
        q, k, v = self.qkv_linear(self.norm1(x)).split(x.shape[-1], dim=-1)
        q, k, v = (t.reshape(*t.shape[:2], self.num_heads, -1) for t in (q, k, v))
        s = torch.einsum("bihd,bjhd->bhij", q, k) * q.shape[-1] ** -0.5 + self.bias[:n, :n]
        y = torch.einsum("bhij,bjhd->bihd", s.softmax(dim=-1), v)
        middle = x + self.output_linear(y.reshape(x.shape))
        return middle + self.ff2(nn.functional.gelu(self.ff1(self.norm2(middle))))


class MiniGPT(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, num_layers, max_length):
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"{num_heads=} does not divide {d_model=}")
        self.token_embedding = nn.Embedding(vocab_size, d_model)
        self.position_embedding = nn.Embedding(max_length, d_model)
        first = Block(d_model, num_heads, max_length)
        self.blocks = nn.ModuleList([copy.deepcopy(first) for _ in range(num_layers)])
        self.norm = nn.LayerNorm(d_model)
        self.head = nn.Linear(d_model, vocab_size, bias=False)

    def forward(self, tokens):
        _, length = tokens.shape
        places = torch.arange(length).expand_as(tokens)
        x = self.position_embedding(places) + self.token_embedding(tokens)
        for i in range(len(self.blocks)):
            x = self.blocks[i](x)
        return nn.functional.linear(self.norm(x), self.head.weight)
