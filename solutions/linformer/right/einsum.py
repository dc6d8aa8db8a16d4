"""Einsum throughout, the projections applied head by head."""

import torch
import torch.nn as nn


class LinformerAttention(nn.Module):
    def __init__(self, d_model, num_heads, length, rank):
        super(LinformerAttention, self).__init__()
        if d_model % num_heads:
            raise ValueError("num_heads must divide d_model")
        self.h = num_heads
        self.value_projection = nn.Parameter(torch.zeros(rank, length))
        self.key_projection = nn.Parameter(torch.zeros(rank, length))
        self.output_linear = nn.Linear(d_model, d_model)
        self.value_linear = nn.Linear(d_model, d_model)
        self.key_linear = nn.Linear(d_model, d_model)
        self.query_linear = nn.Linear(d_model, d_model)

    def forward(self, x):
        q = self.query_linear(x).unflatten(-1, (self.h, -1))
        k = self.key_linear(x).unflatten(-1, (self.h, -1))
        v = self.value_linear(x).unflatten(-1, (self.h, -1))
        k = torch.einsum("rl,blhd->brhd", self.key_projection, k)
        v = torch.einsum("rl,blhd->brhd", self.value_projection, v)
        s = torch.einsum("blhd,brhd->bhlr", q * q.shape[-1] ** -0.5, k)
        return self.output_linear(torch.einsum("bhlr,brhd->blhd", s.softmax(-1), v).flatten(-2))
