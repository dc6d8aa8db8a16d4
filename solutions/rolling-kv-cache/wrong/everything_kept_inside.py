"""The last positions are returned but all of them are kept, so memory grows with the text.

返回的只是最后若干位置，内部却保留了全部，内存随文本增长。
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
        self.key, self.value = key, value
        return key[:, :, -self.window :], value[:, :, -self.window :]
