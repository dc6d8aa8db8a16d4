"""Every channel is squeezed to its sum, so the weights depend on the size of the image.

每个通道压缩为总和，权重因此随图像大小而变。
"""

import torch
from torch import nn


class SqueezeExcitation(nn.Module):
    def __init__(self, channels: int, reduction: int):
        super().__init__()
        self.squeeze_linear = nn.Linear(channels, channels // reduction)
        self.excite_linear = nn.Linear(channels // reduction, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        squeezed = x.sum(dim=(2, 3))  # (B, C, H, W) -> (B, C)
        hidden = torch.relu(self.squeeze_linear(squeezed))  # (B, C // reduction)
        weights = torch.sigmoid(self.excite_linear(hidden))  # (B, C), each in 0..1
        return x * weights[:, :, None, None]
