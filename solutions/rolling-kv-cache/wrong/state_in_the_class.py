"""The state belongs to the class and not to the object, so two caches write into each other.

状态属于类而不是对象，两个缓存互相覆盖。
"""

import torch


class RollingCache:
    def __init__(self, window: int):
        self.window = window
        RollingCache.key = RollingCache.value = None

    def update(self, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        # key, value (B, H, n, D): the next n positions
        if RollingCache.key is not None:
            key = torch.cat([RollingCache.key, key], dim=2)
            value = torch.cat([RollingCache.value, value], dim=2)
        # A copy: a slice alone would keep all of a long prompt in memory.
        RollingCache.key = key[:, :, -self.window :].clone()
        RollingCache.value = value[:, :, -self.window :].clone()
        return RollingCache.key, RollingCache.value
