"""The old part is cut to the window before the new one is joined, so up to window + n come back.

拼接之前只截断旧的部分，返回的位置多达 window + n 个。
"""

import torch


class RollingCache:
    def __init__(self, window: int):
        self.window = window
        self.key = self.value = None  # (B, H, at most window, D), oldest first

    def update(self, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        # key, value (B, H, n, D): the next n positions
        if self.key is not None:
            key = torch.cat([self.key[:, :, -self.window + 1 :], key], dim=2)
            value = torch.cat([self.value[:, :, -self.window + 1 :], value], dim=2)
        # A copy: a slice alone would keep all of a long prompt in memory.
        self.key = key[:, :, -self.window :].clone()
        self.value = value[:, :, -self.window :].clone()
        return key, value
