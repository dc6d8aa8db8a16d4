"""An additive mask of 0 and minus infinity is returned instead of booleans.

返回的是由 0 和负无穷组成的加性掩码，而不是布尔值。
"""

import torch


def padding_mask(lengths: torch.Tensor, max_length: int) -> torch.Tensor:
    positions = torch.arange(max_length, device=lengths.device)  # (max_length,)
    real = positions < lengths[:, None]  # (B, max_length)
    real = real[:, None, None, :]
    return torch.zeros(real.shape).masked_fill(~real, float("-inf"))
