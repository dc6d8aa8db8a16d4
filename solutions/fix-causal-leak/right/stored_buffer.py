"""A triangular mask kept as a float buffer and sliced, minGPT's way; einsum over heads."""

import math

import torch
import torch.nn as nn
from torch.nn import functional as F


class CausalSelfAttention(nn.Module):
    def __init__(self, d_model, num_heads, max_length=512):
        super(CausalSelfAttention, self).__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"{d_model} % {num_heads}")
        self.output_linear = nn.Linear(d_model, d_model)
        self.qkv_linear = nn.Linear(d_model, d_model * 3)
        self.heads = num_heads
        self.register_buffer("tril", torch.tril(torch.ones(max_length, max_length)))

    def forward(self, x):
        t = x.shape[1]
        q, k, v = (p.unflatten(-1, (self.heads, -1)) for p in self.qkv_linear(x).chunk(3, dim=-1))
        att = torch.einsum("bqhd,bkhd->bhqk", q, k) * (1.0 / math.sqrt(k.size(-1)))
        att = att.masked_fill(self.tril[:t, :t] == 0, float("-inf"))
        y = torch.einsum("bhqk,bkhd->bqhd", F.softmax(att, dim=-1), v)
        return self.output_linear(y.flatten(2))
