"""The result is transposed: rows are inputs and columns outputs.

结果被转置：行成了输入，列成了输出。
"""

import torch


def attention_rollout(weights: torch.Tensor) -> torch.Tensor:
    # weights (layers, B, H, L, L) -> (B, L, L)
    identity = torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device)
    mixed = 0.5 * weights.mean(dim=2) + 0.5 * identity  # the residual connection
    mixed = mixed / mixed.sum(dim=-1, keepdim=True)
    rollout = mixed[0]
    for layer in mixed[1:]:
        rollout = layer @ rollout  # the later layer reads what the earlier ones have mixed
    return rollout.transpose(-2, -1)
