"""An additive -inf mask inside baddbmm, heads folded into the batch."""

import torch
from torch import nn


class CausalSelfAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        if d_model % num_heads:
            raise ValueError(num_heads)
        self.num_heads = num_heads
        self.qkv_linear = nn.Linear(d_model, 3 * d_model)
        self.output_linear = nn.Linear(d_model, d_model)

    def forward(self, x):
        b, n, m = x.shape
        h, d = self.num_heads, m // self.num_heads
        q, k, v = (
            self.qkv_linear(x).reshape(b, n, 3, h, d).permute(2, 0, 3, 1, 4).reshape(3, b * h, n, d)
        )
        mask = torch.full((n, n), float("-inf"), dtype=x.dtype).triu(diagonal=1)
        weights = torch.baddbmm(mask.expand(b * h, n, n), q, k.mT, alpha=d**-0.5).softmax(dim=-1)
        y = (weights @ v).reshape(b, h, n, d).permute(0, 2, 1, 3).reshape(b, n, m)
        return self.output_linear(y)
