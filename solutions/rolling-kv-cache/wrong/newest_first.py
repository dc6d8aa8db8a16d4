"""New positions are put before the old ones, so the newest comes first.

新位置放在旧位置之前，最新的排在最前。
"""

import torch


class RollingCache:
    def __init__(self, window: int):
        self.window = window
        self.key = self.value = None  # (B, H, at most window, D), oldest first

    def update(self, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        # key, value (B, H, n, D): the next n positions
        if self.key is not None:
            key = torch.cat([key, self.key], dim=2)
            value = torch.cat([value, self.value], dim=2)
        # A copy: a slice alone would keep all of a long prompt in memory.
        self.key = key[:, :, : self.window].clone()
        self.value = value[:, :, : self.window].clone()
        return self.key, self.value
