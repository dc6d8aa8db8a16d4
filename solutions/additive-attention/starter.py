import torch
from torch import nn


class AdditiveAttention(nn.Module):
    def __init__(self, query_dim: int, key_dim: int, hidden_dim: int):
        super().__init__()
        # query_linear, key_linear, score_linear, all without bias
        raise NotImplementedError

    def forward(
        self, query: torch.Tensor, keys: torch.Tensor, mask: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        # query: (B, query_dim), keys: (B, L, key_dim), mask: (B, L), True = may attend
        # -> context (B, key_dim), weights (B, L)
        raise NotImplementedError
