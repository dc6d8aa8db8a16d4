"""The width is the longest length in the batch instead of max_length.

宽度用了批内最长的长度而不是 max_length。
"""

import torch


def padding_mask(lengths: torch.Tensor, max_length: int) -> torch.Tensor:
    positions = torch.arange(int(lengths.max()), device=lengths.device)  # (max_length,)
    real = positions < lengths[:, None]  # (B, max_length)
    return real[:, None, None, :]
