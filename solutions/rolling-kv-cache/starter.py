import torch


class RollingCache:
    def __init__(self, window: int):
        raise NotImplementedError

    def update(self, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        # key, value: (B, H, n, D) -> the last `window` positions so far, oldest first
        raise NotImplementedError
