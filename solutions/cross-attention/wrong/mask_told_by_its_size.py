"""Takes the mask for (Lq, Lk) when there are as many queries as items in the batch.

当查询数恰好等于 batch 时，把掩码当成了 (Lq, Lk)。
"""

import torch
from torch import nn
from torch.nn import functional


class CrossAttention(nn.Module):
    def __init__(self, d_model: int, context_dim: int, num_heads: int):
        super().__init__()
        if d_model % num_heads:
            raise ValueError("d_model must be divisible by num_heads")
        self.num_heads = num_heads
        self.query_linear = nn.Linear(d_model, d_model)
        self.key_linear = nn.Linear(context_dim, d_model)
        self.value_linear = nn.Linear(context_dim, d_model)
        self.output_linear = nn.Linear(d_model, d_model)

    def split(self, x: torch.Tensor) -> torch.Tensor:
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)

    def forward(self, x, context, context_mask=None) -> torch.Tensor:
        query = self.split(self.query_linear(x))
        key = self.split(self.key_linear(context))
        value = self.split(self.value_linear(context))
        mask = context_mask
        if mask is not None and len(mask) != query.shape[2]:
            mask = mask[:, None, None]
        out = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return self.output_linear(out.transpose(1, 2).flatten(2))
