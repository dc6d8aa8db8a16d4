import torch


def scaled_dot_product_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    # query: (..., Lq, D), key: (..., Lk, D), value: (..., Lk, Dv)
    # mask: bool, broadcasts to (..., Lq, Lk), True = may attend
    # -> output (..., Lq, Dv), weights (..., Lq, Lk)
    raise NotImplementedError
