"""The tensors are joined along the head axis, so later positions become further heads.

沿头的维度拼接，后面的位置变成了更多的头。
"""

import torch


class RollingCache:
    def __init__(self, window: int):
        self.window = window
        self.key = self.value = None  # (B, H, at most window, D), oldest first

    def update(self, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        # key, value (B, H, n, D): the next n positions
        if self.key is not None:
            key = torch.cat([self.key, key], dim=1)
            value = torch.cat([self.value, value], dim=1)
        # A copy: a slice alone would keep all of a long prompt in memory.
        self.key = key[:, :, -self.window :].clone()
        self.value = value[:, :, -self.window :].clone()
        return self.key, self.value
