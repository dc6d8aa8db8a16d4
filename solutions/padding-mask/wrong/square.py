"""The mask is expanded to (B, 1, max_length, max_length), hiding padded queries as well.

掩码扩成 (B, 1, max_length, max_length)，连填充处的查询也屏蔽了。
"""

import torch


def padding_mask(lengths: torch.Tensor, max_length: int) -> torch.Tensor:
    positions = torch.arange(max_length, device=lengths.device)  # (max_length,)
    real = positions < lengths[:, None]  # (B, max_length)
    return real[:, None, None, :] & real[:, None, :, None]
