"""The image is multiplied in place, so the caller's tensor is changed.

在原地乘以权重，改动了调用者的张量。
"""

import torch
from torch import nn


class SqueezeExcitation(nn.Module):
    def __init__(self, channels: int, reduction: int):
        super().__init__()
        self.squeeze_linear = nn.Linear(channels, channels // reduction)
        self.excite_linear = nn.Linear(channels // reduction, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        squeezed = x.mean(dim=(2, 3))  # (B, C, H, W) -> (B, C)
        hidden = torch.relu(self.squeeze_linear(squeezed))  # (B, C // reduction)
        weights = torch.sigmoid(self.excite_linear(hidden))  # (B, C), each in 0..1
        return x.mul_(weights[:, :, None, None])
