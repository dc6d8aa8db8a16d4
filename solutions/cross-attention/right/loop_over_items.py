"""Every item of the batch with only its real keys, so that nothing needs masking."""

import math

import torch
from torch import nn


class CrossAttention(nn.Module):
    def __init__(self, d_model, context_dim, num_heads):
        super().__init__()
        if d_model % num_heads > 0:
            raise ValueError("bad sizes")
        self.num_heads = num_heads
        self.query_linear = nn.Linear(d_model, d_model)
        self.key_linear, self.value_linear = (nn.Linear(context_dim, d_model) for _ in range(2))
        self.output_linear = nn.Linear(d_model, d_model)

    def one(self, x, context):
        q, k, v = self.query_linear(x), self.key_linear(context), self.value_linear(context)
        outs = []
        parts = (t.chunk(self.num_heads, -1) for t in (q, k, v))
        for qh, kh, vh in zip(*parts):
            outs.append(torch.softmax(qh @ kh.T / math.sqrt(qh.shape[-1]), -1) @ vh)
        return torch.cat(outs, -1)

    def forward(self, x, context, context_mask=None):
        rows = []
        for i in range(x.shape[0]):
            real = context[i] if context_mask is None else context[i][context_mask[i]]
            rows.append(self.one(x[i], real) if len(real) else torch.zeros_like(x[i]))
        return self.output_linear(torch.stack(rows))
