"""Squeeze-and-excitation. Hu, Shen and Sun, Squeeze-and-Excitation Networks, 2017 (section 3).

Attention over channels: the image is squeezed to one mean per channel (equation 2), two small
layers with a bottleneck turn the means into a weight per channel in 0..1 (equation 3), and every
channel is multiplied by its weight (equation 4). No query meets a key: the image asks itself which
of its features matter. Biases of the two layers are left out here.
Time O(C H W + C^2 / reduction), memory O(C) beside the image.
"""

from jaxtyping import Float
from torch import Tensor

from attention.stages import stage

VARIANT = {
    "title": {"en": "Squeeze-and-excitation", "zh": "压缩-激励（SE）通道注意力"},
    "family": "vision",
    "year": 2017,
    "paper": "Hu et al., Squeeze-and-Excitation Networks",
    "url": "https://arxiv.org/abs/1709.01507",
    "sizes": {"channels": 8, "reduced": 2, "height": 6, "width": 6},
}


def squeeze_excitation(
    x: Float[Tensor, "batch channels height width"],
    squeeze_weight: Float[Tensor, "reduced channels"],
    excite_weight: Float[Tensor, "channels reduced"],
) -> tuple[Float[Tensor, "batch channels height width"], Float[Tensor, "batch channels"]]:
    """The reweighted image, and the weight of each channel."""
    squeezed = stage("squeezed", x.mean(dim=(-2, -1)))
    hidden = (squeezed @ squeeze_weight.T).relu()
    weights = stage("weights", (hidden @ excite_weight.T).sigmoid())
    return stage("output", x * weights[..., None, None]), weights
