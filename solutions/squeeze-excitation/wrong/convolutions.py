"""The layers are 1×1 convolutions, whose weights have two more dimensions than the contract's.

两层用了 1×1 卷积，权重比约定多两维。
"""

import torch
from torch import nn


class SqueezeExcitation(nn.Module):
    def __init__(self, channels: int, reduction: int):
        super().__init__()
        self.squeeze_linear = nn.Conv2d(channels, channels // reduction, 1)
        self.excite_linear = nn.Conv2d(channels // reduction, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        squeezed = x.mean(dim=(2, 3), keepdim=True)
        hidden = torch.relu(self.squeeze_linear(squeezed))  # (B, C // reduction)
        weights = torch.sigmoid(self.excite_linear(hidden))  # (B, C), each in 0..1
        return x * weights
