import torch


def linear_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, causal: bool = False
) -> torch.Tensor:
    # query: (B, H, Lq, D), key: (B, H, Lk, D), value: (B, H, Lk, Dv)
    # -> (B, H, Lq, Dv); feature map elu(x) + 1, never a (Lq, Lk) matrix
    raise NotImplementedError
