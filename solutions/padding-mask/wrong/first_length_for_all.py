"""The length of the first item is used for the whole batch.

整个批都用了第一个样本的长度。
"""

import torch


def padding_mask(lengths: torch.Tensor, max_length: int) -> torch.Tensor:
    positions = torch.arange(max_length, device=lengths.device)  # (max_length,)
    real = positions < lengths[0].expand(len(lengths))[:, None]  # (B, max_length)
    return real[:, None, None, :]
