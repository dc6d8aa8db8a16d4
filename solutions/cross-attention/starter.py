import torch
from torch import nn


class CrossAttention(nn.Module):
    def __init__(self, d_model: int, context_dim: int, num_heads: int):
        super().__init__()
        # query_linear, output_linear: (d_model -> d_model), with bias
        # key_linear, value_linear: (context_dim -> d_model), with bias
        raise NotImplementedError

    def forward(
        self, x: torch.Tensor, context: torch.Tensor, context_mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        # x: (batch, Lq, d_model), context: (batch, Lk, context_dim)
        # context_mask: bool (batch, Lk), True = may attend
        # -> (batch, Lq, d_model)
        raise NotImplementedError
