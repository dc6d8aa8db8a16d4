import torch


def soft_capped_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, cap: float
) -> torch.Tensor:
    # query: (B, H, Lq, D), key: (B, H, Lk, D), value: (B, H, Lk, Dv)
    # -> (B, H, Lq, Dv); no score exceeds cap in size
    raise NotImplementedError
