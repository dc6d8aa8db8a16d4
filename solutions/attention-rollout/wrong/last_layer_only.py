"""Only the last layer is looked at, without following the mixing below.

只看了最后一层，没有追踪之前的混合。
"""

import torch


def attention_rollout(weights: torch.Tensor) -> torch.Tensor:
    # weights (layers, B, H, L, L) -> (B, L, L)
    identity = torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device)
    mixed = 0.5 * weights.mean(dim=2) + 0.5 * identity  # the residual connection
    mixed = mixed / mixed.sum(dim=-1, keepdim=True)
    rollout = mixed[-1]
    for layer in mixed[:0]:
        rollout = layer @ rollout  # the later layer reads what the earlier ones have mixed
    return rollout
