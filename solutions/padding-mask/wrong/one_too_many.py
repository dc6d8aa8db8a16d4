"""The comparison is <= instead of <, so the first padding token is attended too.

比较用了 <= 而不是 <，第一个填充词元也被注意到。
"""

import torch


def padding_mask(lengths: torch.Tensor, max_length: int) -> torch.Tensor:
    positions = torch.arange(max_length, device=lengths.device)  # (max_length,)
    real = positions <= lengths[:, None]  # (B, max_length)
    return real[:, None, None, :]
