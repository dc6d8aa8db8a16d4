"""The mask is (B, 1, max_length, 1), which masks queries instead of keys.

掩码是 (B, 1, max_length, 1)，掩蔽的是查询而不是键。
"""

import torch


def padding_mask(lengths: torch.Tensor, max_length: int) -> torch.Tensor:
    positions = torch.arange(max_length, device=lengths.device)  # (max_length,)
    real = positions < lengths[:, None]  # (B, max_length)
    return real[:, None, :, None]
