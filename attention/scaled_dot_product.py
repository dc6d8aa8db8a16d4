"""Scaled dot-product attention. Vaswani et al., Attention Is All You Need, 2017.

Section 3.2.1, equation 1:  Attention(Q, K, V) = softmax(Q K^T / sqrt(d)) V.
Each query is compared with every key; the softmax turns the scores into weights that sum to one;
the output is the weighted mean of the values. If the entries of q and k are independent with mean
0 and variance 1, q.k has variance d: dividing by sqrt(d) keeps the softmax out of saturation.
Time O(Lq Lk (d + dv)), memory O(Lq Lk) for the weights.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attention.stages import stage

VARIANT = {
    "title": {"en": "Scaled dot-product attention", "zh": "缩放点积注意力"},
    "family": "core",
    "year": 2017,
    "paper": "Vaswani et al., Attention Is All You Need",
    "url": "https://arxiv.org/abs/1706.03762",
    "parameters": {
        "scaled": {"default": True},
        "temperature": {"default": 1.0, "min": 0.05, "max": 20.0, "step": 0.05},
    },
}


def scaled_dot_product(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    mask: Bool[Tensor, "*#batch #queries #keys"] | None = None,
    scaled: bool = True,
    temperature: float = 1.0,
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"]]:
    """Output and weights; `mask` is True where a query may attend to a key.

    Scores are divided by sqrt(dim) if `scaled`, and by `temperature`, which must be positive.
    """
    if temperature <= 0:
        raise ValueError(f"temperature must be positive, got {temperature}")
    scores = stage("scores", query @ key.transpose(-2, -1))
    scale = math.sqrt(query.shape[-1]) if scaled else 1.0
    weights = masked_softmax(stage("scaled", scores / (scale * temperature)), mask)
    return stage("output", weights @ value), weights


def masked_softmax(
    scores: Float[Tensor, "*batch queries keys"],
    mask: Bool[Tensor, "*#batch #queries #keys"] | None = None,
) -> Float[Tensor, "*batch queries keys"]:
    """Softmax over the keys that `mask` allows; a row that allows none is all zeros, never NaN."""
    if mask is None:
        return stage("weights", scores.softmax(dim=-1))
    masked = stage("masked", scores.masked_fill(~mask, -torch.inf))
    # softmax of a row of -inf is 0/0: such rows are given finite scores first and zeros after,
    # so neither they nor their gradients are ever NaN.
    empty = ~mask.any(dim=-1, keepdim=True)
    weights = masked.masked_fill(empty, 0.0).softmax(dim=-1)
    return stage("weights", weights.masked_fill(empty, 0.0))
