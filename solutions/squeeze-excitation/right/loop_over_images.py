"""One image at a time, with the half-tanh form of the sigmoid."""

import torch
from torch import nn


class SqueezeExcitation(nn.Module):
    def __init__(self, channels, reduction):
        super().__init__()
        self.squeeze_linear = nn.Linear(channels, channels // reduction)
        self.excite_linear = nn.Linear(channels // reduction, channels)

    def forward(self, x):
        images = []
        for image in x:
            mean = torch.stack([channel.mean() for channel in image])
            hidden = torch.where((h := self.squeeze_linear(mean)) > 0, h, torch.zeros_like(h))
            share = 0.5 + 0.5 * torch.tanh(0.5 * self.excite_linear(hidden))
            images.append(torch.stack([c * s for c, s in zip(image, share, strict=True)]))
        return torch.stack(images)
