"""No mask at all: position t attends to a slice that ends at t."""

import torch
from torch import nn


class CausalSelfAttention(nn.Module):
    def __init__(self, d_model, num_heads):
        super().__init__()
        self.head_dim, rest = divmod(d_model, num_heads)
        if rest != 0:
            raise ValueError("indivisible")
        self.num_heads = num_heads
        self.qkv_linear = nn.Linear(in_features=d_model, out_features=3 * d_model, bias=True)
        self.output_linear = nn.Linear(in_features=d_model, out_features=d_model, bias=True)

    def forward(self, x):
        q, k, v = torch.tensor_split(self.qkv_linear(x), 3, dim=-1)
        q, k, v = (t.unflatten(2, (self.num_heads, self.head_dim)).movedim(2, 1) for t in (q, k, v))
        rows = []
        for t in range(x.shape[1]):
            score = (q[:, :, t : t + 1] @ k[:, :, : t + 1].mT) / self.head_dim**0.5
            rows.append(score.softmax(-1) @ v[:, :, : t + 1])
        return self.output_linear(torch.cat(rows, dim=2).movedim(1, 2).flatten(2))
