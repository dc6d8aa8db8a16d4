"""The fused kernel on mixed keys and values; F.linear along the transposed length."""

import torch
import torch.nn.functional as F
from torch import nn


class LinformerAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int, length: int, rank: int) -> None:
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"{d_model=} {num_heads=}")
        self.num_heads = num_heads
        for name in ("query", "key", "value", "output"):
            self.add_module(f"{name}_linear", nn.Linear(d_model, d_model))
        for name in ("key", "value"):
            weight = torch.empty(rank, length)
            nn.init.xavier_uniform_(weight)
            self.register_parameter(f"{name}_projection", nn.Parameter(weight))

    def _heads(self, x):
        return x.reshape(*x.shape[:2], self.num_heads, -1).transpose(1, 2)

    def forward(self, x):
        k = F.linear(self.key_linear(x).transpose(1, 2), self.key_projection).transpose(1, 2)
        v = F.linear(self.value_linear(x).transpose(1, 2), self.value_projection).transpose(1, 2)
        q = self.query_linear(x)
        out = F.scaled_dot_product_attention(self._heads(q), self._heads(k), self._heads(v))
        return self.output_linear(out.transpose(1, 2).flatten(2))
