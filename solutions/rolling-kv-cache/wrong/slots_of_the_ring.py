"""The ring's slots come back as they lie, so after the first wrap the order is broken.

直接返回环形缓冲区的槽位，第一次绕回之后顺序就乱了。
"""

import torch


class RollingCache:
    def __init__(self, window: int):
        self.window, self.count = window, 0
        self.key = self.value = None

    def update(self, key, value):
        if self.key is None:
            self.key = key.new_zeros(*key.shape[:2], self.window, key.shape[3])
            self.value = torch.zeros_like(self.key)
        for i in range(key.shape[2]):
            slot = self.count % self.window
            self.key[:, :, slot] = key[:, :, i]
            self.value[:, :, slot] = value[:, :, i]
            self.count += 1
        kept = min(self.count, self.window)
        return self.key[:, :, :kept].clone(), self.value[:, :, :kept].clone()
