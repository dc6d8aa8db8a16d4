"""Einsum, torch.where for the mask, and a softmax by hand that guards the empty row."""

import torch
import torch.nn as nn


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads):
        super(MultiHeadAttention, self).__init__()
        if d_model % num_heads:
            raise ValueError("num_heads must divide d_model")
        self.h = num_heads
        self.output_linear = nn.Linear(d_model, d_model)
        self.value_linear = nn.Linear(d_model, d_model)
        self.key_linear = nn.Linear(d_model, d_model)
        self.query_linear = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, mask=None):
        q = self.query_linear(query).unflatten(-1, (self.h, -1))
        k = self.key_linear(key).unflatten(-1, (self.h, -1))
        v = self.value_linear(value).unflatten(-1, (self.h, -1))
        s = torch.einsum("bihd,bjhd->bhij", q / q.shape[-1] ** 0.5, k)
        allowed = torch.ones((), dtype=torch.bool) if mask is None else mask
        s = torch.where(allowed, s, s.new_full((), -torch.inf))
        top = s.amax(-1, keepdim=True).clamp_min(torch.finfo(s.dtype).min).detach()
        e = torch.exp(s - top)
        total = e.sum(-1, keepdim=True)
        a = e / torch.where(total == 0, torch.ones_like(total), total)
        return self.output_linear(torch.einsum("bhij,bjhd->bihd", a, v).flatten(-2))
