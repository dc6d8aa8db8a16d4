"""A loop over heads, chunks of features, and a softmax by hand."""

import math

import torch
from torch import nn


class LinformerAttention(nn.Module):
    def __init__(self, d_model, num_heads, length, rank):
        nn.Module.__init__(self)
        if d_model // num_heads * num_heads != d_model:
            raise ValueError("bad sizes")
        self.num_heads = num_heads
        self.query_linear, self.key_linear, self.value_linear, self.output_linear = (
            nn.Linear(d_model, d_model) for _ in range(4)
        )
        self.key_projection = nn.Parameter(torch.rand(rank, length))
        self.value_projection = nn.Parameter(torch.rand(rank, length))

    def forward(self, x):
        keys = torch.matmul(self.key_projection, self.key_linear(x))
        values = torch.matmul(self.value_projection, self.value_linear(x))
        outs = []
        for q, k, v in zip(
            self.query_linear(x).chunk(self.num_heads, -1),
            keys.chunk(self.num_heads, -1),
            values.chunk(self.num_heads, -1),
        ):
            scores = torch.bmm(q, k.mT) / math.sqrt(q.size(-1))
            e = torch.exp(scores - scores.max(-1, keepdim=True).values)
            outs.append(torch.bmm(e / e.sum(-1, keepdim=True), v))
        return self.output_linear(torch.cat(outs, -1))
