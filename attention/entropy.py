"""Attention entropy. Zhai et al., Preventing Attention Entropy Collapse, 2023 (section 3).

H_i = -sum_j w_ij log w_ij, in nats: 0 when a query looks at one key, log(keys) when at all alike;
exp(H) is the effective number of keys. Heads of low entropy pick, heads of high entropy average.
In training an entropy that falls to zero everywhere goes with diverging losses: the scores have
grown too large (see qk_norm.py, soft_capped.py). A higher temperature never lowers it.
Time O(Lq Lk d), memory O(Lq Lk).
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import scaled_dot_product
from attention.stages import stage

VARIANT = {
    "title": {"en": "Attention entropy", "zh": "注意力熵"},
    "family": "interpret",
    "year": 2023,
    "paper": "Zhai et al., Stabilizing Transformer Training by Preventing Attention Entropy "
    "Collapse",
    "url": "https://arxiv.org/abs/2303.06296",
    "parameters": {"temperature": {"default": 1.0, "min": 0.05, "max": 20.0, "step": 0.05}},
}


def entropy(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    temperature: float = 1.0,
    mask: Bool[Tensor, "*#batch #queries #keys"] | None = None,
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"]]:
    """Scaled dot-product attention, whose stage "entropy" holds each query's entropy."""
    output, weights = scaled_dot_product(query, key, value, mask, temperature=temperature)
    stage("entropy", row_entropy(weights))
    return output, weights


def row_entropy(weights: Float[Tensor, "*batch queries keys"]) -> Float[Tensor, "*batch queries"]:
    """Entropy of each row in nats; a weight of zero adds nothing, and so does a row of zeros."""
    found: Tensor = -torch.special.xlogy(weights, weights).sum(dim=-1)
    return found
