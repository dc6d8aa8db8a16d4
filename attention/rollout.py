"""Attention rollout. Abnar and Zuidema, Quantifying Attention Flow in Transformers, 2020.

Section 3: from the second layer on a position no longer holds its own token but a mixture, so raw
weights do not tell which inputs matter. Rollout follows the mixing: each layer's weights, averaged
over heads, are joined with the residual connection as A = 0.5 W + 0.5 I, rows made to sum to one,
and multiplied from the first layer up. It is linear book-keeping: values, output projections and
feed-forward layers are ignored, so it is a picture and no proof.
Time O(layers L^3), memory O(layers L^2).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from attention.stages import stage

VARIANT = {
    "title": {"en": "Attention rollout", "zh": "注意力展开（Rollout）"},
    "family": "interpret",
    "year": 2020,
    "paper": "Abnar and Zuidema, Quantifying Attention Flow in Transformers",
    "url": "https://arxiv.org/abs/2005.00928",
    "sizes": {"layers": 3},
    "inputs": {"weights": "rows"},
}


def rollout(
    weights: Float[Tensor, "layers batch heads length length"],
) -> tuple[Float[Tensor, "batch length length"], Float[Tensor, "layers batch length length"]]:
    """How much each input token reaches each output position, and each layer's mixing matrix."""
    one = torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device)
    mixed = 0.5 * weights.mean(dim=2) + 0.5 * one
    mixed = stage("mixing", mixed / mixed.sum(dim=-1, keepdim=True))
    total = one.expand(mixed.shape[1:])
    for layer in mixed:
        total = layer @ total  # the later layer reads what the earlier ones have mixed
    return stage("output", total), mixed
