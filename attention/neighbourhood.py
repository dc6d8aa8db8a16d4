"""Neighbourhood attention. Hassani et al., Neighborhood Attention Transformer, 2022 (section 3).

A sliding window in two dimensions: every patch attends to the kernel x kernel patches nearest to
it. At the border the neighbourhood is moved inwards instead of cut off, so every patch sees equally
many keys, and with a kernel as large as the image it is full self-attention. Unlike fixed windows
the receptive field grows without shifting, and away from the borders a moved image gives a moved
output.
Time O(N^2 d) and memory O(N^2) as masked here for N = height * width; a kernel of its own needs
O(N kernel^2 d) and O(N kernel^2).
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import scaled_dot_product

VARIANT = {
    "title": {"en": "Neighbourhood attention (NAT)", "zh": "邻域注意力（NAT）"},
    "family": "vision",
    "year": 2022,
    "paper": "Hassani et al., Neighborhood Attention Transformer",
    "url": "https://arxiv.org/abs/2204.07143",
    "parameters": {
        "height": {"default": 4, "min": 1, "max": 32, "step": 1},
        "width": {"default": 5, "min": 1, "max": 32, "step": 1},
        "kernel": {"default": 3, "min": 1, "max": 31, "step": 2},
    },
}


def neighbourhood(
    query: Float[Tensor, "batch heads {height}*{width} dim"],
    key: Float[Tensor, "batch heads {height}*{width} dim"],
    value: Float[Tensor, "batch heads {height}*{width} value_dim"],
    height: int = 4,
    width: int = 5,
    kernel: int = 3,
) -> tuple[
    Float[Tensor, "batch heads {height}*{width} value_dim"],
    Float[Tensor, "batch heads {height}*{width} {height}*{width}"],
]:
    """Output and weights between all patches, row by row; `kernel` is odd."""
    rows, columns = near(height, kernel), near(width, kernel)
    mask = rows[:, None, :, None] & columns[None, :, None, :]  # (row, column) sees (row, column)
    mask = mask.reshape(height * width, height * width)
    return scaled_dot_product(query, key, value, mask.to(query.device))


def near(size: int, kernel: int) -> Bool[Tensor, "{size} {size}"]:
    """True at the `kernel` places of one axis nearest to each place, moved in at the ends."""
    if kernel < 1 or kernel % 2 == 0 or kernel > size:
        raise ValueError(f"kernel must be odd and at most {size}, got {kernel}")
    place = torch.arange(size)
    start = (place - kernel // 2).clamp(0, size - kernel)[:, None]
    return (place >= start) & (place < start + kernel)
