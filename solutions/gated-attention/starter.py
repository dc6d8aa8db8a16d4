import torch


def gated_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, gate: torch.Tensor
) -> torch.Tensor:
    # query: (B, H, Lq, D), key: (B, H, Lk, D), value: (B, H, Lk, Dv), gate: (B, H, Lq, Dv)
    # -> (B, H, Lq, Dv); gate holds logits, one per output feature
    raise NotImplementedError
