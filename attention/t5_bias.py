"""Relative position bias of T5. Raffel et al., T5, 2020 (section 2.1).

Each head learns one number per bucket of distances and adds it to its scores. Near distances have
a bucket each; farther ones share logarithmically wider buckets; all beyond `max_distance` share the
last. An encoder splits the buckets between past and future, a decoder uses all for the past. The
table is shared by all layers. T5 does not scale its scores: 1/sqrt(d) is folded into the weights.
Time O(L^2 d), memory O(heads L^2).
"""

import math

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from attention.scaled_dot_product import masked_softmax
from attention.stages import stage

VARIANT = {
    "title": {"en": "T5 relative position bias", "zh": "T5 相对位置偏置"},
    "family": "positions",
    "year": 2020,
    "paper": "Raffel et al., Exploring the Limits of Transfer Learning (T5)",
    "url": "https://arxiv.org/abs/1910.10683",
    "parameters": {
        "max_distance": {"default": 128, "min": 17, "max": 1024, "step": 1},
        "bidirectional": {"default": True},
    },
    "sizes": {"buckets": 32},
}


def t5_bias(
    query: Float[Tensor, "batch heads queries dim"],
    key: Float[Tensor, "batch heads keys dim"],
    value: Float[Tensor, "batch heads keys value_dim"],
    bias_table: Float[Tensor, "buckets heads"],
    max_distance: int = 128,
    bidirectional: bool = True,
    mask: Bool[Tensor, "#batch #heads #queries #keys"] | None = None,
) -> tuple[
    Float[Tensor, "batch heads queries value_dim"], Float[Tensor, "batch heads queries keys"]
]:
    """Output and weights; the queries are the last of the keys' positions."""
    queries, keys = query.shape[-2], key.shape[-2]
    positions = torch.arange(queries, device=key.device) + keys - queries
    relative = torch.arange(keys, device=key.device) - positions[:, None]
    buckets = relative_position_bucket(relative, len(bias_table), max_distance, bidirectional)
    bias = stage("bias", bias_table[buckets].permute(2, 0, 1))  # (heads, queries, keys)
    scores = stage("scores", query @ key.transpose(-2, -1))
    weights = masked_softmax(stage("biased", scores + bias), mask)
    return stage("output", weights @ value), weights


def relative_position_bucket(
    relative_position: Int[Tensor, "*shape"],
    num_buckets: int = 32,
    max_distance: int = 128,
    bidirectional: bool = True,
) -> Int[Tensor, "*shape"]:
    """Bucket of key index minus query index, in 0..num_buckets - 1."""
    if bidirectional:
        num_buckets //= 2
        offset = num_buckets * (relative_position > 0).long()  # the future has its own half
        distance = relative_position.abs()
    else:
        offset = torch.zeros_like(relative_position)
        distance = (-relative_position).clamp(min=0)  # all of the future counts as 0
    exact = num_buckets // 2
    if not 0 < exact < max_distance:
        raise ValueError(f"max_distance must exceed {exact}, got {max_distance}")
    ratio = (distance.clamp(min=1).float() / exact).log() / math.log(max_distance / exact)
    far = exact + (ratio * (num_buckets - exact)).long()
    return offset + torch.where(distance < exact, distance, far.clamp(max=num_buckets - 1))
