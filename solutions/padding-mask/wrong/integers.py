"""Ones and zeros are returned as integers, on which ~ flips bits instead of truth values.

返回的是整数 0 和 1，对它用 ~ 是按位取反而不是逻辑取反。
"""

import torch


def padding_mask(lengths: torch.Tensor, max_length: int) -> torch.Tensor:
    positions = torch.arange(max_length, device=lengths.device)  # (max_length,)
    real = positions < lengths[:, None]  # (B, max_length)
    return real[:, None, None, :].long()
