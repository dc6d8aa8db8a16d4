"""The image is changed in place, so the caller's tensor is another one afterwards.

在原地改动输入图像，调用者的张量随之改变。
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
