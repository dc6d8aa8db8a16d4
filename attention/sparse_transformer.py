"""Factorised patterns of the Sparse Transformer. Child et al., 2019 (section 4.3).

Causal. The full lower triangle is replaced by two patterns of about sqrt(L) keys per query, given
to different heads (or layers), so that two steps reach every earlier position:
    strided  the last `stride` positions | every stride-th one before (for images: row | column)
    fixed    the own block of `stride` positions | the last place of every block, which sums it up
Time O(L^2 d) and memory O(L^2) as masked here; O(L sqrt(L)) of each with stride near sqrt(L) and
a kernel that skips the rest. Even heads get the first pattern, odd heads the second.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import scaled_dot_product

VARIANT = {
    "title": {
        "en": "Sparse Transformer (strided, fixed)",
        "zh": "Sparse Transformer（跨步与固定模式）",
    },
    "family": "sparse",
    "year": 2019,
    "paper": "Child et al., Generating Long Sequences with Sparse Transformers",
    "url": "https://arxiv.org/abs/1904.10509",
    "parameters": {
        "stride": {"default": 4, "min": 1, "max": 64, "step": 1},
        "pattern": {"default": "strided", "choices": ["strided", "fixed"]},
    },
    "sizes": {"length": 16},
}


def sparse_transformer(
    query: Float[Tensor, "batch heads length dim"],
    key: Float[Tensor, "batch heads length dim"],
    value: Float[Tensor, "batch heads length value_dim"],
    stride: int = 4,
    pattern: str = "strided",
) -> tuple[
    Float[Tensor, "batch heads length value_dim"], Float[Tensor, "batch heads length length"]
]:
    """Output and weights per head."""
    masks = factorised_masks(query.shape[-2], stride, pattern).to(query.device)
    of_head = torch.arange(query.shape[1], device=query.device) % 2
    return scaled_dot_product(query, key, value, masks[of_head])


def factorised_masks(length: int, stride: int, pattern: str) -> Bool[Tensor, "2 {length} {length}"]:
    """The near and the far pattern; both let a query see itself."""
    if stride < 1:
        raise ValueError(f"stride must be at least 1, got {stride}")
    i, j = torch.arange(length)[:, None], torch.arange(length)[None, :]
    if pattern == "strided":
        near, far = i - j < stride, (i - j) % stride == 0
    elif pattern == "fixed":
        near, far = i // stride == j // stride, (j % stride == stride - 1) | (i == j)
    else:
        raise ValueError(f"pattern must be strided or fixed, got {pattern!r}")
    return torch.stack([near, far]) & (j <= i)
