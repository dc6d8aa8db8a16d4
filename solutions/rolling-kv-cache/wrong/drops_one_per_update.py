"""Each update drops one position when the cache is full, however many come in.

缓存满时每次 update 只丢弃一个位置，不管来了多少个。
"""

import torch


class RollingCache:
    def __init__(self, window: int):
        self.window = window
        self.key = self.value = None  # (B, H, at most window, D), oldest first

    def update(self, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        # key, value (B, H, n, D): the next n positions
        if self.key is not None:
            key = torch.cat([self.key, key], dim=2)
            value = torch.cat([self.value, value], dim=2)
        # A copy: a slice alone would keep all of a long prompt in memory.
        drop = 1 if key.shape[2] > self.window else 0
        self.key, self.value = key[:, :, drop:], value[:, :, drop:]
        return self.key, self.value
