"""Talking-heads attention. Shazeer et al., Talking-Heads Attention, 2020.

Heads are mixed by learned (heads, heads) matrices, once before the softmax (the scores talk) and
once after it (the weights talk); in ordinary multi-head attention both are the identity, and heads
meet only in the output projection. The mixing sits in the middle of the softmax, so a fused kernel
that works head by head cannot be used.
Time O(heads Lq Lk (d + heads)), memory O(heads Lq Lk).
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import masked_softmax
from attention.stages import stage

VARIANT = {
    "title": {"en": "Talking-heads attention", "zh": "Talking-Heads 注意力（头间混合）"},
    "family": "heads",
    "year": 2020,
    "paper": "Shazeer et al., Talking-Heads Attention",
    "url": "https://arxiv.org/abs/2003.02436",
}


def talking_heads(
    query: Float[Tensor, "batch heads queries dim"],
    key: Float[Tensor, "batch heads keys dim"],
    value: Float[Tensor, "batch heads keys value_dim"],
    scores_weight: Float[Tensor, "heads heads"],
    weights_weight: Float[Tensor, "heads heads"],
    mask: Bool[Tensor, "#batch 1 #queries #keys"] | None = None,
) -> tuple[
    Float[Tensor, "batch heads queries value_dim"], Float[Tensor, "batch heads queries keys"]
]:
    """Output and the mixed weights, whose rows need not sum to one; the mask is for all heads."""
    scores = stage("scores", query @ key.transpose(-2, -1))
    scaled = stage("scaled", scores / query.shape[-1] ** 0.5)
    mixed = stage("mixed scores", torch.einsum("gh,bhij->bgij", scores_weight, scaled))
    weights = torch.einsum("gh,bhij->bgij", weights_weight, masked_softmax(mixed, mask))
    return stage("output", stage("mixed weights", weights) @ value), weights
