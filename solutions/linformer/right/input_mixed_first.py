"""The input is mixed before the linear layers, whose biases then count with the rows' sums."""

import torch
from torch import nn


class LinformerAttention(nn.Module):
    def __init__(self, d_model, num_heads, length, rank):
        super().__init__()
        if d_model % num_heads:
            raise ValueError(d_model)
        self.num_heads = num_heads
        self.query_linear = nn.Linear(d_model, d_model)
        self.key_linear = nn.Linear(d_model, d_model)
        self.value_linear = nn.Linear(d_model, d_model)
        self.output_linear = nn.Linear(d_model, d_model)
        self.key_projection = nn.Parameter(torch.ones(rank, length) / length)
        self.value_projection = nn.Parameter(torch.ones(rank, length) / length)

    def mixed(self, x, projection, linear):
        # E (x W^T + 1 b^T) = (E x) W^T + (E 1) b^T
        return projection @ x @ linear.weight.T + projection.sum(1, keepdim=True) * linear.bias

    def forward(self, x):
        b, n, m = x.shape
        h, d = self.num_heads, m // self.num_heads
        q = self.query_linear(x).view(b, n, h, d).permute(0, 2, 1, 3).reshape(b * h, n, d)
        k = self.mixed(x, self.key_projection, self.key_linear)
        v = self.mixed(x, self.value_projection, self.value_linear)
        k = k.view(b, -1, h, d).permute(0, 2, 3, 1).reshape(b * h, d, -1)
        v = v.view(b, -1, h, d).permute(0, 2, 1, 3).reshape(b * h, -1, d)
        zero = torch.zeros(1, 1, 1, dtype=x.dtype)
        out = torch.baddbmm(zero, q, k, alpha=d**-0.5).softmax(-1).bmm(v)
        return self.output_linear(out.view(b, h, n, d).permute(0, 2, 1, 3).reshape(b, n, m))
