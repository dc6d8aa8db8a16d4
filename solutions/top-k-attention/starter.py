import torch


def top_k_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, k: int
) -> torch.Tensor:
    # query: (B, H, Lq, D), key: (B, H, Lk, D), value: (B, H, Lk, Dv)
    # -> (B, H, Lq, Dv): each query attends to the k keys with its largest scores
    raise NotImplementedError
