"""Prefix language model mask. Raffel et al., T5, 2020 (section 3.2.1).

The first `prefix` tokens (the prompt, an image, a source sentence) see each other in both
directions, since they are all given; the tokens after them are generated, so they are causal.
prefix = 0 is the causal decoder, prefix = length the bidirectional encoder. The prefix's own
positions predict nothing and are left out of the loss.
Time O(L^2 d), memory O(L^2).
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attention.causal import causal_mask
from attention.scaled_dot_product import scaled_dot_product

VARIANT = {
    "title": {"en": "Prefix-LM mask", "zh": "前缀语言模型掩码"},
    "family": "masks",
    "year": 2020,
    "paper": "Raffel et al., Exploring the Limits of Transfer Learning (T5)",
    "url": "https://arxiv.org/abs/1910.10683",
    "parameters": {"prefix": {"default": 3, "min": 0, "max": 64, "step": 1}},
}


def prefix_lm(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    prefix: int = 3,
) -> tuple[Float[Tensor, "*batch length value_dim"], Float[Tensor, "*batch length length"]]:
    """Output and weights, with the first `prefix` positions open to every query."""
    return scaled_dot_product(query, key, value, prefix_mask(prefix, key.shape[-2], key.device))


def prefix_mask(
    prefix: int, length: int, device: torch.device | None = None
) -> Bool[Tensor, "{length} {length}"]:
    """The causal mask with the first `prefix` columns filled; a longer prefix than `length`
    opens everything. Raises ValueError if `prefix` is negative."""
    if prefix < 0:
        raise ValueError(f"prefix must not be negative, got {prefix}")
    in_prefix = torch.arange(length, device=device) < prefix
    return causal_mask(length, length, device) | in_prefix[None, :]
