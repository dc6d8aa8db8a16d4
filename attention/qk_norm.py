"""QK-norm. Henry et al., Query-Key Normalization for Transformers, 2020; RMS form as in Qwen 3.

Query and key of every head are normalised before their product: x / rms(x) * weight, over the
head's features, with a learned weight. Their lengths no longer matter, only their directions, so
scores cannot grow without bound: |score| <= sqrt(d) max|w_q w_k| after scaling. Large models train
stably at higher learning rates. The first paper divides by the L2 norm and learns one factor
instead. With rotary positions the norm comes first.
Time O(Lq Lk d), memory O(Lq Lk).
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import scaled_dot_product
from attention.stages import stage

VARIANT = {
    "title": {"en": "QK-norm", "zh": "查询-键归一化（QK-norm）"},
    "family": "scores",
    "year": 2020,
    "paper": "Henry et al., Query-Key Normalization for Transformers",
    "url": "https://arxiv.org/abs/2010.04245",
    "parameters": {"eps": {"default": 1e-6, "min": 0.0, "max": 1.0, "step": 1e-6}},
    "inputs": {"query_weight": "ones", "key_weight": "ones"},
}


def qk_norm(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    query_weight: Float[Tensor, " dim"],
    key_weight: Float[Tensor, " dim"],
    eps: float = 1e-6,
    mask: Bool[Tensor, "*#batch #queries #keys"] | None = None,
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"]]:
    """Output and weights; the values are not normalised."""
    q = stage("query", rms_norm(query, query_weight, eps))
    k = stage("key", rms_norm(key, key_weight, eps))
    return scaled_dot_product(q, k, value, mask)


def rms_norm(
    x: Float[Tensor, "*batch length dim"], weight: Float[Tensor, " dim"], eps: float
) -> Float[Tensor, "*batch length dim"]:
    """x over its root mean square, which `eps` keeps from zero."""
    return x * torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + eps) * weight
