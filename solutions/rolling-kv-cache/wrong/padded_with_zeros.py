"""The whole buffer is returned before it is full, so empty slots come along as zero keys.

缓冲区未满就整个返回，空槽作为零键混了进来。
"""

import torch


class RollingCache:
    def __init__(self, window: int):
        self.window = window
        self.key = self.value = None

    def update(self, key, value):
        if self.key is None:
            self.key = key.new_zeros(*key.shape[:2], self.window, key.shape[3])
            self.value = torch.zeros_like(self.key)
        self.key = torch.cat([self.key, key], dim=2)[:, :, -self.window :]
        self.value = torch.cat([self.value, value], dim=2)[:, :, -self.window :]
        return self.key, self.value
