"""When the window overflows the cache is emptied, so a new chunk stands alone.

窗口溢出时清空了整个缓存，只剩新的一块。
"""

import torch


class RollingCache:
    def __init__(self, window: int):
        self.window = window
        self.key = self.value = None  # (B, H, at most window, D), oldest first

    def update(self, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        # key, value (B, H, n, D): the next n positions
        if self.key is not None and self.key.shape[2] + key.shape[2] <= self.window:
            key = torch.cat([self.key, key], dim=2)
            value = torch.cat([self.value, value], dim=2)
        # A copy: a slice alone would keep all of a long prompt in memory.
        self.key = key[:, :, -self.window :].clone()
        self.value = value[:, :, -self.window :].clone()
        return self.key, self.value
