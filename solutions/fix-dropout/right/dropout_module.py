"""nn.Dropout as a submodule, which follows train() and eval() by itself."""

import torch
from torch import nn


class DropoutSelfAttention(nn.Module):
    def __init__(self, d_model, num_heads, dropout):
        super().__init__()
        if d_model % num_heads:
            raise ValueError("num_heads must divide d_model")
        self.heads = num_heads
        self.drop = nn.Dropout(dropout)
        self.output_linear = nn.Linear(d_model, d_model)
        self.qkv_linear = nn.Linear(d_model, 3 * d_model)

    def forward(self, x):
        q, k, v = (t.unflatten(-1, (self.heads, -1)) for t in self.qkv_linear(x).chunk(3, -1))
        s = torch.einsum("bihd,bjhd->bhij", q, k) * q.shape[-1] ** -0.5
        y = torch.einsum("bhij,bjhd->bihd", self.drop(s.softmax(-1)), v)
        return self.output_linear(y.flatten(2))
