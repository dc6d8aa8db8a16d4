"""The identity is joined once to the product of all layers instead of to every layer.

单位矩阵只在各层相乘之后加了一次，而不是每层都加。
"""

import torch


def attention_rollout(weights: torch.Tensor) -> torch.Tensor:
    # weights (layers, B, H, L, L) -> (B, L, L)
    identity = torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device)
    mixed = weights.mean(dim=2)
    rollout = mixed[0]
    for layer in mixed[1:]:
        rollout = layer @ rollout  # the later layer reads what the earlier ones have mixed
    rollout = 0.5 * rollout + 0.5 * identity
    return rollout / rollout.sum(dim=-1, keepdim=True)
