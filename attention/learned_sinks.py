"""Learned attention sinks. OpenAI, gpt-oss model card, 2025; Miller, Attention Is Off By One, 2023.

Each head has one learned logit s that joins the softmax and is then dropped:
    weight_ij = exp(score_ij) / (exp(s) + sum_k exp(score_ik)).
Rows sum to less than one, and a head with nothing to say gives its weight to the sink instead of to
the first token. s = 0 is "softmax plus one"; s -> -inf the ordinary softmax. It equals an extra key
with score s and a value of zeros.
Time O(Lq Lk d), memory O(Lq Lk).
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import masked_softmax
from attention.stages import silent, stage

VARIANT = {
    "title": {"en": "Learned sinks per head (gpt-oss)", "zh": "可学习的注意力汇聚项（gpt-oss）"},
    "family": "scores",
    "year": 2025,
    "paper": "OpenAI, gpt-oss-120b & gpt-oss-20b Model Card",
    "url": "https://arxiv.org/abs/2508.10925",
}


def learned_sinks(
    query: Float[Tensor, "batch heads queries dim"],
    key: Float[Tensor, "batch heads keys dim"],
    value: Float[Tensor, "batch heads keys value_dim"],
    sinks: Float[Tensor, " heads"],
    mask: Bool[Tensor, "#batch #heads #queries #keys"] | None = None,
) -> tuple[
    Float[Tensor, "batch heads queries value_dim"], Float[Tensor, "batch heads queries keys"]
]:
    """Output and weights without the sink's; a masked-out row gives all its weight to the sink."""
    scores = stage("scores", query @ key.transpose(-2, -1))
    scaled = stage("scaled", scores / query.shape[-1] ** 0.5)
    if mask is not None:
        scaled = stage("masked", scaled.masked_fill(~mask, -torch.inf))
    extra = sinks[None, :, None, None].expand(*scaled.shape[:-1], 1)
    with silent():
        weights = masked_softmax(torch.cat([scaled, extra], dim=-1))[..., :-1]
    return stage("output", stage("weights", weights) @ value), weights
