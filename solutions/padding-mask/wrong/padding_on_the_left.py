"""The padding is taken to stand on the left, so the last positions are marked real.

以为填充在左侧，把最后的位置当成了真实词元。
"""

import torch


def padding_mask(lengths: torch.Tensor, max_length: int) -> torch.Tensor:
    positions = torch.arange(max_length, device=lengths.device)  # (max_length,)
    real = positions >= max_length - lengths[:, None]  # (B, max_length)
    return real[:, None, None, :]
