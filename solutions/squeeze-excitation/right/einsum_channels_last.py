"""Flattened pixels, channels last, and einsum with explicit parameters."""

import torch
from torch import nn


class SqueezeExcitation(nn.Module):
    def __init__(self, channels, reduction):
        super().__init__()
        self.squeeze_linear = nn.Linear(channels, channels // reduction)
        self.excite_linear = nn.Linear(channels // reduction, channels)

    def forward(self, x):
        first, second = self.squeeze_linear, self.excite_linear
        pixels = x.flatten(2).transpose(1, 2)  # (B, H * W, C)
        mean = pixels.sum(dim=1) / pixels.shape[1]
        hidden = (torch.einsum("bc,rc->br", mean, first.weight) + first.bias).clamp(min=0)
        logits = torch.einsum("br,cr->bc", hidden, second.weight) + second.bias
        gated = torch.einsum("bpc,bc->bpc", pixels, torch.sigmoid(logits))
        return gated.transpose(1, 2).reshape(x.shape)
