"""Axial attention. Ho et al., Axial Attention in Multidimensional Transformers, 2019.

Attention along one axis at a time: first every patch reads its own column, then its own row. Two
such steps let any patch influence any other (through the patch where row and column cross), for the
price of two short attentions instead of one long. Video adds a third axis in the same way.
Time O(N (height + width) d) for N = height * width patches, memory O(N (height + width)).
"""

from jaxtyping import Float
from torch import Tensor

from attention.scaled_dot_product import scaled_dot_product
from attention.stages import stage

VARIANT = {
    "title": {"en": "Axial attention", "zh": "轴向注意力"},
    "family": "vision",
    "year": 2019,
    "paper": "Ho et al., Axial Attention in Multidimensional Transformers",
    "url": "https://arxiv.org/abs/1912.12180",
    "sizes": {"height": 5, "width": 6},
}


def axial(
    query: Float[Tensor, "*batch height width dim"],
    key: Float[Tensor, "*batch height width dim"],
    value: Float[Tensor, "*batch height width dim"],
) -> tuple[Float[Tensor, "*batch height width dim"], Float[Tensor, "*batch height width width"]]:
    """Output of columns, then rows, and the weights within rows; the same query and key serve
    both, where a network would have a layer for each."""
    q, k, v = (x.transpose(-3, -2) for x in (query, key, value))  # (*batch, width, height, dim)
    gathered, _ = scaled_dot_product(q, k, v)
    within_column = stage("columns", gathered.transpose(-3, -2))
    return scaled_dot_product(query, key, within_column)
