import torch


def qk_norm_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    query_weight: torch.Tensor,
    key_weight: torch.Tensor,
    eps: float = 1e-6,
) -> torch.Tensor:
    # query: (B, H, Lq, D), key: (B, H, Lk, D), value: (B, H, Lk, Dv), weights: (D,)
    # -> (B, H, Lq, Dv); query and key are RMS-normalised over D first
    raise NotImplementedError
