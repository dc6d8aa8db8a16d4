"""Only one axis is inserted: (B, 1, max_length) lines the batch up with the heads.

只插入了一维：(B, 1, max_length) 会让批与头对齐。
"""

import torch


def padding_mask(lengths: torch.Tensor, max_length: int) -> torch.Tensor:
    positions = torch.arange(max_length, device=lengths.device)  # (max_length,)
    real = positions < lengths[:, None]  # (B, max_length)
    return real[:, None, :]
