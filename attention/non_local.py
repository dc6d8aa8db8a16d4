"""Non-local block. Wang et al., Non-local Neural Networks, 2017 (section 3).

Self-attention for images and video, before the vision transformers: every position is a query, a
key and a value, and the sum over all positions is added to the input,
    z = W y + x,   y_i = sum_j softmax_j(theta(x_i) . phi(x_j)) g(x_j),
with 1x1 convolutions theta, phi, g to fewer channels: the embedded Gaussian form, not scaled by
1/sqrt(d). One such layer sees the whole image, which convolutions need many layers for. W starts
at zero in the paper, so a trained network is not disturbed when the block is put in.
Time O((H W)^2 C), memory O((H W)^2).
"""

from jaxtyping import Float
from torch import Tensor

from attention.scaled_dot_product import masked_softmax
from attention.stages import stage

VARIANT = {
    "title": {"en": "Non-local block", "zh": "非局部模块（Non-local）"},
    "family": "vision",
    "year": 2017,
    "paper": "Wang et al., Non-local Neural Networks",
    "url": "https://arxiv.org/abs/1711.07971",
    "sizes": {"channels": 8, "inner": 4, "height": 4, "width": 4},
}


def non_local(
    x: Float[Tensor, "batch channels height width"],
    query_weight: Float[Tensor, "inner channels"],
    key_weight: Float[Tensor, "inner channels"],
    value_weight: Float[Tensor, "inner channels"],
    output_weight: Float[Tensor, "channels inner"],
) -> tuple[
    Float[Tensor, "batch channels height width"],
    Float[Tensor, "batch height*width height*width"],
]:
    """The image with what it gathered, and the weights between its positions, row by row."""
    pixels = x.flatten(2).transpose(1, 2)  # (batch, height * width, channels)
    q, k, v = (pixels @ weight.T for weight in (query_weight, key_weight, value_weight))
    weights = masked_softmax(stage("scores", q @ k.transpose(-2, -1)))
    gathered = (weights @ v) @ output_weight.T
    return stage("output", x + gathered.transpose(1, 2).reshape(x.shape)), weights
