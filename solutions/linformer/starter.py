import torch
from torch import nn


class LinformerAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int, length: int, rank: int):
        super().__init__()
        # query_linear, key_linear, value_linear, output_linear: d_model to d_model, with bias
        # key_projection, value_projection: nn.Parameter of shape (rank, length)
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # x: (B, length, d_model) -> (B, length, d_model)
        raise NotImplementedError
