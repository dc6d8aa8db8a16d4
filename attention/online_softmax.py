"""Online softmax. Milakov and Gimelshein, Online normalizer calculation for softmax, 2018.

A safe softmax needs the maximum m before it can sum exp(x - m): two passes over the scores. One
pass is enough (algorithm 3) if the sum is corrected whenever the maximum grows:
    m' = max(m, max(x)),   l' = l * exp(m - m') + sum(exp(x - m')).
The same pair can be merged from any parts in any order: FlashAttention, flash-decoding and ring
attention rest on that. Written for reading: the weights are returned, so nothing is saved here.
Time O(Lq Lk d), memory O(Lq block_size) beyond the returned weights.
"""

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor

from attention.stages import stage

VARIANT = {
    "title": {"en": "Online softmax", "zh": "在线 softmax"},
    "family": "tiled",
    "year": 2018,
    "paper": "Milakov and Gimelshein, Online normalizer calculation for softmax",
    "url": "https://arxiv.org/abs/1805.02867",
    "parameters": {"block_size": {"default": 4, "min": 1, "max": 128, "step": 1}},
}


def online_softmax(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    block_size: int = 4,
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"]]:
    """Output and weights; maximum and sum are found in one pass over blocks of keys."""
    if block_size < 1:
        raise ValueError(f"block_size must be at least 1, got {block_size}")
    scores = stage("scores", query @ key.transpose(-2, -1))
    scaled = stage("scaled", scores / query.shape[-1] ** 0.5)
    blocks = (scaled[..., i : i + block_size] for i in range(0, key.shape[-2], block_size))
    maximum, total = running_softmax(blocks)
    weights = stage("weights", (scaled - maximum[..., None]).exp() / total[..., None])
    return stage("output", weights @ value), weights


def running_softmax(blocks: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """Maximum and sum of exp(x - maximum) over the last axis of all blocks, each read once.

    Where every entry is -inf the result is (-inf, 0). Raises ValueError without blocks.
    """
    maximum: Tensor | None = None
    total: Tensor | None = None
    for block in blocks:
        largest = block.amax(dim=-1)
        new = largest if maximum is None else torch.maximum(maximum, largest)
        finite = new.masked_fill(new == -torch.inf, 0.0)  # -inf minus -inf would be NaN
        added = (block - finite[..., None]).exp().sum(dim=-1)
        if maximum is None or total is None:
            total = added
        else:
            total = total * (maximum - finite).exp() + added
        maximum = new
    if maximum is None or total is None:
        raise ValueError("softmax of no blocks")
    return maximum, total
