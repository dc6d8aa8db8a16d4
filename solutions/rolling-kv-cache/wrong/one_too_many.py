"""One position too many is kept besides the window.

窗口之外多保留了一个位置。
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
        self.key = key[:, :, -self.window - 1 :].clone()
        self.value = value[:, :, -self.window - 1 :].clone()
        return self.key, self.value
