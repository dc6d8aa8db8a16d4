import torch


def differential_attention(
    query1: torch.Tensor,
    key1: torch.Tensor,
    query2: torch.Tensor,
    key2: torch.Tensor,
    value: torch.Tensor,
    lam: float | torch.Tensor,
) -> torch.Tensor:
    # queries: (B, H, Lq, D), keys: (B, H, Lk, D), value: (B, H, Lk, Dv)
    # -> (B, H, Lq, Dv): (softmax of pair 1 - lam * softmax of pair 2) @ value
    raise NotImplementedError
