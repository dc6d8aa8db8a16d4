import torch
from torch import nn


class CausalSelfAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        # qkv_linear: (d_model -> 3 * d_model), query, key, value in that order
        # output_linear: (d_model -> d_model); both with bias
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # x: (batch, length, d_model) -> (batch, length, d_model)
        raise NotImplementedError
