"""The mask stays (B, max_length), which does not broadcast to scores of heads and queries.

掩码仍是 (B, max_length)，无法正确广播到带头和查询的分数。
"""

import torch


def padding_mask(lengths: torch.Tensor, max_length: int) -> torch.Tensor:
    positions = torch.arange(max_length, device=lengths.device)  # (max_length,)
    real = positions < lengths[:, None]  # (B, max_length)
    return real
