"""Convolutional block attention (CBAM). Woo et al., CBAM, 2018 (section 3).

Two questions, one after the other. Which channels: the mean and the maximum over the image go
through one shared two-layer network and are added, M_c = sigmoid(MLP(avg) + MLP(max)) (equation 2).
Which places: the mean and the maximum over channels are laid on top of each other and convolved,
M_s = sigmoid(conv([avg; max])) with a 7x7 kernel (equation 3). Both multiply the image.
Time O(C H W + C^2 / reduction + kernel^2 H W), memory O(C + H W) beside the image.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from attention.stages import stage

VARIANT = {
    "title": {"en": "CBAM (channel and spatial)", "zh": "CBAM（通道与空间注意力）"},
    "family": "vision",
    "year": 2018,
    "paper": "Woo et al., CBAM: Convolutional Block Attention Module",
    "url": "https://arxiv.org/abs/1807.06521",
    "sizes": {"channels": 8, "reduced": 2, "height": 6, "width": 6, "kernel": 7},
}


def cbam(
    x: Float[Tensor, "batch channels height width"],
    squeeze_weight: Float[Tensor, "reduced channels"],
    excite_weight: Float[Tensor, "channels reduced"],
    spatial_weight: Float[Tensor, "1 2 kernel kernel"],
) -> tuple[Float[Tensor, "batch channels height width"], Float[Tensor, "batch height width"]]:
    """The reweighted image and the spatial map; the channel weights are the stage "channels"."""
    kernel = spatial_weight.shape[-1]
    if kernel % 2 == 0:
        raise ValueError(f"the kernel must be odd to keep the size, got {kernel}")
    pooled = torch.stack([x.mean(dim=(-2, -1)), x.amax(dim=(-2, -1))])
    logits = (pooled @ squeeze_weight.T).relu() @ excite_weight.T  # (2, batch, channels)
    channels = stage("channels", logits.sum(dim=0).sigmoid())
    x = x * channels[..., None, None]
    maps = torch.stack([x.mean(dim=1), x.amax(dim=1)], dim=1)  # (batch, 2, height, width)
    weights = stage("weights", F.conv2d(maps, spatial_weight, padding=kernel // 2)[:, 0].sigmoid())
    return stage("output", x * weights[:, None]), weights
