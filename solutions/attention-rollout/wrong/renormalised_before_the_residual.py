"""The rows are divided by their sum before the identity is added instead of after.

在加单位矩阵之前而不是之后除以行和。
"""

import torch


def attention_rollout(weights: torch.Tensor) -> torch.Tensor:
    # weights (layers, B, H, L, L) -> (B, L, L)
    identity = torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device)
    mean = weights.mean(dim=2)
    mixed = 0.5 * mean / mean.sum(dim=-1, keepdim=True) + 0.5 * identity
    rollout = mixed[0]
    for layer in mixed[1:]:
        rollout = layer @ rollout  # the later layer reads what the earlier ones have mixed
    return rollout
