"""The rows go through a softmax again instead of being divided by their sum.

每行又做了一次 softmax，而不是除以行和。
"""

import torch


def attention_rollout(weights: torch.Tensor) -> torch.Tensor:
    # weights (layers, B, H, L, L) -> (B, L, L)
    identity = torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device)
    mixed = 0.5 * weights.mean(dim=2) + 0.5 * identity  # the residual connection
    mixed = torch.softmax(mixed, dim=-1)
    rollout = mixed[0]
    for layer in mixed[1:]:
        rollout = layer @ rollout  # the later layer reads what the earlier ones have mixed
    return rollout
