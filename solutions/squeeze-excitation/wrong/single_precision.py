"""The mean is taken in float32 whatever the input is, so float64 answers are only good to seven
digits.

无论输入是什么类型都在 float32 中求均值，float64 的结果只有七位有效数字。
"""

import torch
from torch import nn


class SqueezeExcitation(nn.Module):
    def __init__(self, channels: int, reduction: int):
        super().__init__()
        self.squeeze_linear = nn.Linear(channels, channels // reduction)
        self.excite_linear = nn.Linear(channels // reduction, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        squeezed = x.float().mean(dim=(2, 3)).to(x.dtype)
        hidden = torch.relu(self.squeeze_linear(squeezed))  # (B, C // reduction)
        weights = torch.sigmoid(self.excite_linear(hidden))  # (B, C), each in 0..1
        return x * weights[:, :, None, None]
