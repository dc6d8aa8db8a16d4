"""No mask at all: a loop over positions and heads, each looking at its own prefix."""

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.h = h
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv_linear, self.output_linear = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.ff1, self.ff2 = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

    def forward(self, x):
        q, k, v = self.qkv_linear(self.norm1(x)).chunk(3, -1)
        rows = []
        for t in range(x.shape[1]):
            heads = []
            for qh, kh, vh in zip(*(p.chunk(self.h, -1) for p in (q, k, v))):
                s = (qh[:, t : t + 1] * kh[:, : t + 1]).sum(-1) / kh.shape[-1] ** 0.5
                heads.append((s.softmax(-1).unsqueeze(-1) * vh[:, : t + 1]).sum(1))
            rows.append(torch.cat(heads, -1))
        x = x + self.output_linear(torch.stack(rows, 1))
        hidden = self.ff1(self.norm2(x))
        return x + self.ff2(hidden * 0.5 * (1 + torch.erf(hidden / 2**0.5)))


class MiniGPT(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, num_layers, max_length):
        super().__init__()
        if d_model // num_heads * num_heads != d_model:
            raise ValueError("indivisible")
        self.token_embedding = nn.Embedding(vocab_size, d_model)
        self.position_embedding = nn.Embedding(max_length, d_model)
        self.blocks = nn.ModuleList()
        for _ in range(num_layers):
            self.blocks.append(Block(d_model, num_heads))
        self.norm = nn.LayerNorm(d_model)
        self.head = nn.Linear(d_model, vocab_size, False)

    def forward(self, tokens):
        x = self.token_embedding(tokens)
        x = x + torch.stack([self.position_embedding.weight[t] for t in range(x.shape[1])])
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))
