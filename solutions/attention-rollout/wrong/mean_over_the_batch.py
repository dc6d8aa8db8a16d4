"""The mean is taken over the batch instead of the heads.

对批而不是头取了平均。
"""

import torch


def attention_rollout(weights: torch.Tensor) -> torch.Tensor:
    # weights (layers, B, H, L, L) -> (B, L, L)
    identity = torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device)
    mixed = (
        0.5 * weights.mean(dim=1, keepdim=True).mean(dim=2).expand(-1, weights.shape[1], -1, -1)
        + 0.5 * identity
    )  # the residual connection
    mixed = mixed / mixed.sum(dim=-1, keepdim=True)
    rollout = mixed[0]
    for layer in mixed[1:]:
        rollout = layer @ rollout  # the later layer reads what the earlier ones have mixed
    return rollout
