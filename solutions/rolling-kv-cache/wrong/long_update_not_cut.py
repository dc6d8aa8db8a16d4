"""Only a cache that exists already is cut, so a first prompt longer than the window is kept
whole.

只有缓存已存在时才截断，首次写入的长提示被整个保留。
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
            key, value = key[:, :, -self.window :], value[:, :, -self.window :]
        # A copy: a slice alone would keep all of a long prompt in memory.
        self.key = key.clone()
        self.value = value.clone()
        return self.key, self.value
