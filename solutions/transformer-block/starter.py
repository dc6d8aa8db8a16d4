import torch
from torch import nn


class TransformerBlock(nn.Module):
    def __init__(self, d_model: int, num_heads: int, d_ff: int):
        super().__init__()
        # norm1, norm2: LayerNorm; qkv_linear: (d_model -> 3 * d_model), query, key, value
        # output_linear: (d_model -> d_model); ff1: (d_model -> d_ff), ff2: (d_ff -> d_model)
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # x: (batch, length, d_model) -> (batch, length, d_model)
        raise NotImplementedError
