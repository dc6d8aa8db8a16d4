"""The sigmoid is written as exp(z) / (1 + exp(z)), which is inf / inf for large logits.

手写 sigmoid 为 exp(z) / (1 + exp(z))，logit 很大时变成 inf / inf。
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
        logits = self.excite_linear(hidden)
        weights = logits.exp() / (1 + logits.exp())
        return x * weights[:, :, None, None]
