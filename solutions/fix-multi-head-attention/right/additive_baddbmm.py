"""Heads folded into the batch; an additive -inf mask, softened in rows that have no key."""

import torch
from torch import nn


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads):
        super().__init__()
        if d_model % num_heads:
            raise ValueError(d_model)
        self.num_heads = num_heads
        self.query_linear = nn.Linear(d_model, d_model)
        self.key_linear = nn.Linear(d_model, d_model)
        self.value_linear = nn.Linear(d_model, d_model)
        self.output_linear = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, mask=None):
        b, lq, d_model = query.shape
        lk, h = key.shape[1], self.num_heads
        d = d_model // h
        q = self.query_linear(query).reshape(b, lq, h, d).permute(0, 2, 1, 3).reshape(b * h, lq, d)
        k = self.key_linear(key).reshape(b, lk, h, d).permute(0, 2, 3, 1).reshape(b * h, d, lk)
        v = self.value_linear(value).reshape(b, lk, h, d).permute(0, 2, 1, 3).reshape(b * h, lk, d)
        bias = torch.zeros(b, h, lq, lk, dtype=q.dtype)
        alive = 1.0
        if mask is not None:
            mask = mask.expand(b, h, lq, lk)
            empty = ~mask.any(-1, keepdim=True)
            bias = bias.masked_fill(~mask & ~empty, float("-inf"))
            alive = (~empty).to(q.dtype).reshape(b * h, lq, 1)
        scores = torch.baddbmm(bias.view(b * h, lq, lk), q, k, alpha=d**-0.5)
        out = scores.softmax(-1).bmm(v) * alive
        out = out.view(b, h, lq, d).permute(0, 2, 1, 3).contiguous().view(b, lq, d_model)
        return self.output_linear(out)
