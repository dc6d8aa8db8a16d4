"""Projections and heads by hand, the attention by the fused kernel, which knows empty rows."""

import torch.nn.functional as F
from torch import nn


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"{d_model=} {num_heads=}")
        self.num_heads = num_heads
        for name in ("query", "key", "value", "output"):
            self.add_module(f"{name}_linear", nn.Linear(d_model, d_model))

    def _heads(self, x):
        return x.view(*x.shape[:2], self.num_heads, -1).transpose(1, 2)

    def forward(self, query, key, value, mask=None):
        q = self._heads(self.query_linear(query))
        k = self._heads(self.key_linear(key))
        v = self._heads(self.value_linear(value))
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.output_linear(out.transpose(1, 2).flatten(2))
