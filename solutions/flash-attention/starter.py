import torch


def flash_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    block_size: int,
    causal: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    # query: (B, H, Lq, D), key: (B, H, Lk, D), value: (B, H, Lk, Dv)
    # -> output (B, H, Lq, Dv), logsumexp (B, H, Lq); never a (Lq, Lk) matrix
    raise NotImplementedError
