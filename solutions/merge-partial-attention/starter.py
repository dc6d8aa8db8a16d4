import torch


def merge_partial_attention(
    outputs: torch.Tensor, logsumexps: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    # outputs: (S, ..., L, Dv), logsumexps: (S, ..., L): S partial results over disjoint key sets
    # -> output (..., L, Dv), logsumexp (..., L)
    raise NotImplementedError
