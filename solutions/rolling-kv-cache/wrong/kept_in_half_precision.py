"""The cache holds float16, so what comes back is rounded.

缓存以 float16 保存，取回的数值被舍入。
"""

import torch


class RollingCache:
    def __init__(self, window: int):
        self.window = window
        self.key = self.value = None  # (B, H, at most window, D), oldest first

    def update(self, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        # key, value (B, H, n, D): the next n positions
        dtype = key.dtype
        if self.key is not None:
            key = torch.cat([self.key.to(dtype), key], dim=2)
            value = torch.cat([self.value.to(dtype), value], dim=2)
        # A copy: a slice alone would keep all of a long prompt in memory.
        self.key = key[:, :, -self.window :].half()
        self.value = value[:, :, -self.window :].half()
        return self.key.to(dtype), self.value.to(dtype)
