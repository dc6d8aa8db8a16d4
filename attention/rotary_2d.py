"""Two-dimensional rotary positions for images. Heo et al., Rotary Position Embedding for ViT, 2024.

The axial form: the first half of the features is turned by the row, the second half by the column,
each as in ordinary RoPE. So the score of two patches depends on their row and column distance, and
a model can be run at a resolution it was not trained on. A picture has few rows, so the base is
small (100) to keep the slow pairs useful.
Time O(N^2 d) and memory O(N^2) for N = height * width patches.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from attention.rotary import frequencies, rotate
from attention.scaled_dot_product import scaled_dot_product
from attention.stages import stage

VARIANT = {
    "title": {"en": "Two-dimensional rotary positions", "zh": "二维旋转位置编码"},
    "family": "positions",
    "year": 2024,
    "paper": "Heo et al., Rotary Position Embedding for Vision Transformer",
    "url": "https://arxiv.org/abs/2403.13298",
    "parameters": {"base": {"default": 100.0, "min": 2.0, "max": 10000.0, "step": 1.0}},
    "sizes": {"height": 3, "width": 4},
}


def rotary_2d(
    query: Float[Tensor, "*batch height width dim"],
    key: Float[Tensor, "*batch height width dim"],
    value: Float[Tensor, "*batch height width value_dim"],
    base: float = 100.0,
) -> tuple[
    Float[Tensor, "*batch height width value_dim"],
    Float[Tensor, "*batch height*width height*width"],
]:
    """Output and weights between all patches, row by row; dim must be a multiple of 4."""
    q, k = (stage(name, apply_rotary_2d(x, base)) for name, x in (("query", query), ("key", key)))
    q, k, v = (x.flatten(-3, -2) for x in (q, k, value))
    output, weights = scaled_dot_product(q, k, v)
    return output.reshape(*query.shape[:-1], value.shape[-1]), weights


def apply_rotary_2d(
    x: Float[Tensor, "*batch height width dim"], base: float = 100.0
) -> Float[Tensor, "*batch height width dim"]:
    """Turn the first half of the features by the row and the second half by the column."""
    height, width, dim = x.shape[-3:]
    if dim % 4:
        raise ValueError(f"two-dimensional rotary needs a dim divisible by 4, got {dim}")
    theta = frequencies(dim // 2, base)
    by_row, by_column = x.chunk(2, dim=-1)
    rows = torch.arange(height)[:, None] * theta
    columns = torch.arange(width)[:, None] * theta
    turned = rotate(by_row.transpose(-3, -2), rows).transpose(-3, -2)
    return torch.cat([turned, rotate(by_column, columns)], dim=-1)
