"""Differential attention. Ye et al., Differential Transformer, 2024 (section 2.1).

    (softmax(Q1 K1^T / sqrt(d)) - lambda softmax(Q2 K2^T / sqrt(d))) V          (equation 1)
Two maps share a head; what both give to irrelevant keys cancels, as noise does in a differential
amplifier. Rows sum to 1 - lambda and weights may be negative. lambda is learned per layer through
exp(a1 . b1) - exp(a2 . b2) + lambda_init (equation 2), with `initial_lambda` below, and each head's
output is normalised and multiplied by 1 - lambda_init (left out here).
Time O(Lq Lk d), two maps; memory O(Lq Lk).
"""

import math

from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import masked_softmax
from attention.stages import stage

VARIANT = {
    "title": {"en": "Differential attention", "zh": "差分注意力"},
    "family": "scores",
    "year": 2024,
    "paper": "Ye et al., Differential Transformer",
    "url": "https://arxiv.org/abs/2410.05258",
    "parameters": {"lam": {"default": 0.8, "min": 0.0, "max": 1.0, "step": 0.05}},
}


def differential(
    query1: Float[Tensor, "*batch queries dim"],
    key1: Float[Tensor, "*batch keys dim"],
    query2: Float[Tensor, "*batch queries dim"],
    key2: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    lam: float | Float[Tensor, ""] = 0.8,
    mask: Bool[Tensor, "*#batch #queries #keys"] | None = None,
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"]]:
    """Output and the difference of the two maps; `lam` may be a tensor that is trained."""
    first, second = (
        masked_softmax(
            stage("scores", query @ key.transpose(-2, -1)) / query.shape[-1] ** 0.5, mask
        )
        for query, key in ((query1, key1), (query2, key2))
    )
    weights = stage("difference", first - lam * second)
    return stage("output", weights @ value), weights


def initial_lambda(layer: int) -> float:
    """lambda_init of a layer, counted from 1: from 0.2 rising towards 0.8."""
    if layer < 1:
        raise ValueError(f"layers are counted from 1, got {layer}")
    return 0.8 - 0.6 * math.exp(-0.3 * (layer - 1))
