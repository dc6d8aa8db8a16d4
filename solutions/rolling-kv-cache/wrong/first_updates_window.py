"""The size of the first update sets how much is kept, so the cache never fills up.

保留的个数由第一次 update 的大小决定，缓存永远填不满。
"""

import torch


class RollingCache:
    def __init__(self, window: int):
        self.window = window
        self.key = self.value = None  # (B, H, at most window, D), oldest first

    def update(self, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        # key, value (B, H, n, D): the next n positions
        if self.key is None:
            self.window = min(self.window, key.shape[2])
        if self.key is not None:
            key = torch.cat([self.key, key], dim=2)
            value = torch.cat([self.value, value], dim=2)
        # A copy: a slice alone would keep all of a long prompt in memory.
        self.key = key[:, :, -self.window :].clone()
        self.value = value[:, :, -self.window :].clone()
        return self.key, self.value
