import torch
from torch import nn


class MultiHeadLatentAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int, head_dim: int, latent_dim: int, rope_dim: int):
        super().__init__()
        # query_linear, kv_down_linear, key_rope_linear,
        # key_up_linear, value_up_linear, output_linear: all without bias
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # x: (B, L, d_model) -> (B, L, d_model)
        raise NotImplementedError
