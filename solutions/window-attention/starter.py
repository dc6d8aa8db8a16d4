import torch


def window_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    height: int,
    width: int,
    window: int,
    shift: int = 0,
) -> torch.Tensor:
    # query, key: (B, heads, height * width, D), value: (B, heads, height * width, Dv)
    # -> (B, heads, height * width, Dv)
    raise NotImplementedError
