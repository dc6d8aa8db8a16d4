"""The image is viewed as (B, H·W, C) without a transpose, so pixels are taken for channels.

没有转置就把图像视为 (B, H·W, C)，像素被当成了通道。
"""

import torch
from torch import nn


class SqueezeExcitation(nn.Module):
    def __init__(self, channels: int, reduction: int):
        super().__init__()
        self.squeeze_linear = nn.Linear(channels, channels // reduction)
        self.excite_linear = nn.Linear(channels // reduction, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        squeezed = x.reshape(x.shape[0], -1, x.shape[1]).mean(dim=1)
        hidden = torch.relu(self.squeeze_linear(squeezed))  # (B, C // reduction)
        weights = torch.sigmoid(self.excite_linear(hidden))  # (B, C), each in 0..1
        return x * weights[:, :, None, None]
