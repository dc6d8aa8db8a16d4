import torch
from torch import nn


class SqueezeExcitation(nn.Module):
    def __init__(self, channels: int, reduction: int):
        super().__init__()
        # squeeze_linear: channels -> channels // reduction
        # excite_linear: channels // reduction -> channels
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # x: (B, C, H, W) -> (B, C, H, W), every channel times its own weight
        raise NotImplementedError
