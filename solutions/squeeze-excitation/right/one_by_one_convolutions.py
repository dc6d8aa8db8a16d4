"""The layers' weights are used as 1×1 convolutions on the pooled image."""

import torch.nn.functional as F
from torch import nn


class SqueezeExcitation(nn.Module):
    def __init__(self, channels, reduction):
        super().__init__()
        self.squeeze_linear = nn.Linear(channels, channels // reduction)
        self.excite_linear = nn.Linear(channels // reduction, channels)

    def forward(self, x):
        def convolve(y, linear):
            return F.conv2d(y, linear.weight[:, :, None, None], linear.bias)

        y = F.avg_pool2d(x, kernel_size=(x.shape[2], x.shape[3]))
        y = convolve(F.relu(convolve(y, self.squeeze_linear)), self.excite_linear)
        return F.sigmoid(y) * x
