"""A ring: position p lives in slot p mod window; the slots are put in order on the way out."""

import torch


class RollingCache:
    def __init__(self, window):
        self.window, self.count = window, 0
        self.slots = None

    def update(self, key, value):
        if self.slots is None:
            self.slots = [t.new_empty(*t.shape[:2], self.window, t.shape[3]) for t in (key, value)]
        n = key.shape[2]
        kept = min(n, self.window)  # earlier ones would be overwritten at once
        where = torch.arange(self.count + n - kept, self.count + n) % self.window
        for slots, new in zip(self.slots, (key, value)):
            slots[:, :, where] = new[:, :, n - kept :]
        self.count += n
        order = torch.arange(max(0, self.count - self.window), self.count) % self.window
        return tuple(slots[:, :, order] for slots in self.slots)
