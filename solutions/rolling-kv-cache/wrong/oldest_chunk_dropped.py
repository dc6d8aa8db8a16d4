"""Whole chunks are dropped, so positions go that should have stayed.

按整块丢弃，本该保留的位置也没了。
"""

import torch


class RollingCache:
    def __init__(self, window: int):
        self.window = window
        self.chunks = []

    def update(self, key, value):
        self.chunks.append((key[:, :, -self.window :], value[:, :, -self.window :]))
        while sum(k.shape[2] for k, _ in self.chunks) > self.window:
            self.chunks.pop(0)
        keys, values = zip(*self.chunks)
        return torch.cat(keys, dim=2), torch.cat(values, dim=2)
