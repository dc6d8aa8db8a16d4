import torch
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        # query_linear, key_linear, value_linear: (d_model -> d_model), with bias
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # x: (batch, length, d_model) -> (batch, length, d_model)
        raise NotImplementedError
