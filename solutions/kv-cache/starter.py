import torch
from torch import nn


class CachedSelfAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        # qkv_linear: (d_model -> 3 * d_model), query, key, value in that order
        # output_linear: (d_model -> d_model); both with bias
        raise NotImplementedError

    def forward(self, x: torch.Tensor, cache=None):
        # x: (batch, length, d_model), the positions that follow those in the cache
        # cache: None, or what the previous call returned
        # -> output (batch, length, d_model), cache
        raise NotImplementedError
