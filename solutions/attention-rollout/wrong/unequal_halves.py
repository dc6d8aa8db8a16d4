"""The residual gets 0.9 and the attention 0.1 instead of one half each.

残差占 0.9、注意力占 0.1，而不是各占一半。
"""

import torch


def attention_rollout(weights: torch.Tensor) -> torch.Tensor:
    # weights (layers, B, H, L, L) -> (B, L, L)
    identity = torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device)
    mixed = 0.1 * weights.mean(dim=2) + 0.9 * identity  # the residual connection
    mixed = mixed / mixed.sum(dim=-1, keepdim=True)
    rollout = mixed[0]
    for layer in mixed[1:]:
        rollout = layer @ rollout  # the later layer reads what the earlier ones have mixed
    return rollout
