import torch


def sliding_window_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, window: int
) -> torch.Tensor:
    # query: (B, H, Lq, D), key: (B, H, Lk, D), value: (B, H, Lk, Dv)
    # -> (B, H, Lq, Dv); memory grows as length x window
    raise NotImplementedError
