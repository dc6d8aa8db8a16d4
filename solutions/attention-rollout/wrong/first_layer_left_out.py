"""The product starts at the second layer.

从第二层才开始连乘。
"""

import torch


def attention_rollout(weights: torch.Tensor) -> torch.Tensor:
    # weights (layers, B, H, L, L) -> (B, L, L)
    identity = torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device)
    mixed = 0.5 * weights.mean(dim=2) + 0.5 * identity  # the residual connection
    mixed = mixed / mixed.sum(dim=-1, keepdim=True)
    rollout = identity.expand_as(mixed[0]) if len(mixed) > 1 else mixed[0]
    for layer in mixed[1:]:
        rollout = layer @ rollout  # the later layer reads what the earlier ones have mixed
    return rollout
