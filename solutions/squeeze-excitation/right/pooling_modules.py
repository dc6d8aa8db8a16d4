"""Modules for every step: adaptive pooling, ReLU, Sigmoid; the result is viewed and expanded."""

import torch
from torch import nn


class SqueezeExcitation(nn.Module):
    def __init__(self, channels, reduction):
        super().__init__()
        hidden = channels // reduction
        self.excite_linear = nn.Linear(hidden, channels, bias=True)
        self.squeeze_linear = nn.Linear(channels, hidden, bias=True)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.relu, self.sigmoid = nn.ReLU(inplace=True), nn.Sigmoid()
        self.register_buffer("calls", torch.zeros((), dtype=torch.long))

    def forward(self, x):
        b, c, _, _ = x.size()
        y = self.pool(x).view(b, c)
        y = self.sigmoid(self.excite_linear(self.relu(self.squeeze_linear(y)))).view(b, c, 1, 1)
        return x * y.expand_as(x)
