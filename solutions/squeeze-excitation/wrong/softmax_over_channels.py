"""The weights come from a softmax over the channels, so the channels compete and sum to one.

权重来自沿通道的 softmax，各通道互相竞争，和为 1。
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
        weights = torch.softmax(self.excite_linear(hidden), dim=1)  # (B, C), each in 0..1
        return x * weights[:, :, None, None]
