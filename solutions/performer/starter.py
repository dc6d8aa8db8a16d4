import torch


def performer_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, projection: torch.Tensor
) -> torch.Tensor:
    # query: (B, H, Lq, D), key: (B, H, Lk, D), value: (B, H, Lk, Dv), projection: (M, D)
    # -> (B, H, Lq, Dv)
    raise NotImplementedError
