import torch
from torch import nn


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        # query_linear, key_linear, value_linear, output_linear: (d_model -> d_model), with bias
        raise NotImplementedError

    def forward(self, query, key, value, mask=None) -> torch.Tensor:
        # query: (batch, Lq, d_model); key, value: (batch, Lk, d_model)
        # mask: bool, broadcasts to (batch, num_heads, Lq, Lk), True = may attend
        # -> (batch, Lq, d_model)
        raise NotImplementedError
