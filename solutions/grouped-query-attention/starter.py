import torch


def grouped_query_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None = None,
) -> torch.Tensor:
    # query: (B, H, Lq, D), key: (B, Hkv, Lk, D), value: (B, Hkv, Lk, Dv), H a multiple of Hkv
    # mask: bool, broadcasts to (B, H, Lq, Lk), True = may attend
    # -> (B, H, Lq, Dv)
    raise NotImplementedError
