"""The first padding token is attended too: <= in place of <, or one too many.

第一个填充词元也被注意到：把 < 写成了 <=，或多数了一个。
"""

import torch


def padding_mask(lengths: torch.Tensor, max_length: int) -> torch.Tensor:
    positions = torch.arange(max_length, device=lengths.device)  # (max_length,)
    real = positions <= lengths[:, None]  # (B, max_length)
    return real[:, None, None, :]
