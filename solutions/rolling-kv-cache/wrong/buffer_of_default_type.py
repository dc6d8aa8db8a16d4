"""The buffer is made without a dtype, so float64 keys are rounded to float32.

创建缓冲区时没有指定 dtype，float64 的键被舍入为 float32。
"""

import torch


class RollingCache:
    def __init__(self, window: int):
        self.window = window
        self.key = self.value = torch.zeros(0)

    def update(self, key, value):
        if self.key.numel() == 0:
            self.key = self.value = torch.zeros(*key.shape[:2], 0, key.shape[3])
        self.key = torch.cat([self.key, key.float()], dim=2)[:, :, -self.window :].clone()
        self.value = torch.cat([self.value, value.float()], dim=2)[:, :, -self.window :].clone()
        return self.key, self.value
