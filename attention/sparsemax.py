"""Sparsemax attention. Martins and Astudillo, From Softmax to Sparsemax, 2016 (algorithm 1).

Instead of exponentiating, the row of scores is projected onto the simplex: the nearest vector of
weights that are not negative and sum to one, max(score - tau, 0). Most weights become exactly zero,
so the map says which keys were not used, and those get no gradient. tau is found by sorting: the
support is the largest k with 1 + k z_(k) > z_(1) + ... + z_(k).
Time O(Lq Lk (d + log Lk)), memory O(Lq Lk).
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attention.stages import stage

VARIANT = {
    "title": {"en": "Sparsemax attention", "zh": "Sparsemax 注意力"},
    "family": "scores",
    "year": 2016,
    "paper": "Martins and Astudillo, From Softmax to Sparsemax: A Sparse Model of Attention and "
    "Multi-Label Classification",
    "url": "https://arxiv.org/abs/1602.02068",
}


def sparsemax(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    mask: Bool[Tensor, "*#batch #queries #keys"] | None = None,
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"]]:
    """Output and weights, many of them exactly zero."""
    scores = stage("scores", query @ key.transpose(-2, -1))
    scaled = stage("scaled", scores / query.shape[-1] ** 0.5)
    if mask is None:
        weights = project(scaled)
    else:
        # Out of reach: two below the smallest score can never be in the support beside an allowed
        # one, since sparsemax keeps only scores less than one below the largest.
        lowest = scaled.detach().amin(dim=-1, keepdim=True) - 2
        masked = stage("masked", torch.where(mask, scaled, lowest))
        weights = project(masked).masked_fill(~mask, 0.0)
    return stage("output", stage("weights", weights) @ value), weights


def project(scores: Float[Tensor, "*batch queries keys"]) -> Float[Tensor, "*batch queries keys"]:
    """The point of the simplex nearest to each row."""
    ordered = scores.sort(dim=-1, descending=True).values
    count = torch.arange(1, scores.shape[-1] + 1, device=scores.device, dtype=scores.dtype)
    inside = 1 + count * ordered > ordered.cumsum(dim=-1)
    support = inside.sum(dim=-1, keepdim=True)
    threshold = (ordered.masked_fill(~inside, 0.0).sum(dim=-1, keepdim=True) - 1) / support
    return (scores - threshold).clamp(min=0)
