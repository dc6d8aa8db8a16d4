"""Einsum over named axes, torch.where, a hand-made softmax that guards the empty context."""

import torch
import torch.nn as nn


class CrossAttention(nn.Module):
    def __init__(self, d_model, context_dim, num_heads):
        super(CrossAttention, self).__init__()
        if d_model % num_heads:
            raise ValueError("num_heads must divide d_model")
        self.h = num_heads
        self.output_linear = nn.Linear(d_model, d_model)
        self.value_linear = nn.Linear(context_dim, d_model)
        self.key_linear = nn.Linear(context_dim, d_model)
        self.query_linear = nn.Linear(d_model, d_model)

    def forward(self, x, context, context_mask=None):
        q = self.query_linear(x).unflatten(-1, (self.h, -1))
        k = self.key_linear(context).unflatten(-1, (self.h, -1))
        v = self.value_linear(context).unflatten(-1, (self.h, -1))
        s = torch.einsum("bihd,bjhd->bhij", q, k) * q.shape[-1] ** -0.5
        if context_mask is not None:
            s = torch.where(context_mask[:, None, None], s, -torch.inf)
        top = s.amax(-1, keepdim=True).clamp_min(torch.finfo(s.dtype).min).detach()
        e = torch.exp(s - top)
        total = e.sum(-1, keepdim=True)
        a = e / torch.where(total == 0, torch.ones_like(total), total)
        return self.output_linear(torch.einsum("bhij,bjhd->bihd", a, v).flatten(-2))
