"""Sigmoid attention. Ramapuram et al., Theory, Analysis, and Best Practices for Sigmoid ..., 2024.

    sigmoid(Q K^T / sqrt(d) + b) V,   b = -log(keys)
Every key is weighed by itself: no row sum, no competition, no need to wait for the whole row, and
no attention sink. The bias makes a row sum to about one at the start of training whatever the
length; without it the outputs grow with the number of keys. A query may attend to nothing.
Time O(Lq Lk d), memory O(Lq Lk).
"""

import math

from jaxtyping import Bool, Float
from torch import Tensor

from attention.stages import stage

VARIANT = {
    "title": {"en": "Sigmoid attention", "zh": "Sigmoid 注意力"},
    "family": "scores",
    "year": 2024,
    "paper": "Ramapuram et al., Theory, Analysis, and Best Practices for Sigmoid Self-Attention",
    "url": "https://arxiv.org/abs/2409.04431",
    "parameters": {"biased": {"default": True}},
}


def sigmoid(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    biased: bool = True,
    mask: Bool[Tensor, "*#batch #queries #keys"] | None = None,
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"]]:
    """Output and weights, each in 0..1; with `biased` log(keys) is taken from every score."""
    scores = stage("scores", query @ key.transpose(-2, -1))
    scaled = stage("scaled", scores / query.shape[-1] ** 0.5)
    if biased:
        scaled = stage("biased", scaled - math.log(key.shape[-2]))
    weights = scaled.sigmoid()
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return stage("output", stage("weights", weights) @ value), weights
