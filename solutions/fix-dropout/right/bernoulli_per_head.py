"""A loop over heads, a Bernoulli draw of the kept weights in each."""

import math

import torch
from torch import nn


class DropoutSelfAttention(nn.Module):
    def __init__(self, d_model, num_heads, dropout):
        super().__init__()
        if d_model // num_heads * num_heads != d_model:
            raise ValueError(f"{d_model=}, {num_heads=}")
        self.num_heads, self.keep = num_heads, 1.0 - dropout
        self.qkv_linear = nn.Linear(d_model, 3 * d_model)
        self.output_linear = nn.Linear(d_model, d_model)

    def thin(self, weights):
        if not self.training:
            return weights
        return weights * torch.bernoulli(torch.full_like(weights, self.keep)).div(self.keep)

    def forward(self, x):
        parts = self.qkv_linear(x).chunk(3, dim=-1)
        heads = []
        for q, k, v in zip(*(part.chunk(self.num_heads, dim=-1) for part in parts)):
            scores = torch.bmm(q, k.transpose(1, 2)) / math.sqrt(q.size(-1))
            heads.append(torch.bmm(self.thin(torch.softmax(scores, dim=-1)), v))
        return self.output_linear(torch.cat(heads, dim=-1))
