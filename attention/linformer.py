"""Linformer: keys and values projected along the length. Wang et al., Linformer, 2020.

Section 4, equation 7:  head = softmax(Q (E K)^T / sqrt(d)) (F V), with learned E and F of shape
(rank, length). Attention matrices are close to low rank (section 3), so `rank` mixtures of
positions can stand for all of them, with a rank that need not grow with the length. The price: the
length is fixed by E and F, and every mixture sees the future, so there is no causal form.
Here E and F are shared by all heads.
Time O(L rank d), memory O(heads L rank): the weights are over mixtures, not over positions.
"""

from jaxtyping import Float
from torch import Tensor

from attention.multi_head import merge_heads, split_heads
from attention.scaled_dot_product import scaled_dot_product
from attention.stages import stage

VARIANT = {
    "title": {"en": "Linformer (low-rank)", "zh": "Linformer（低秩）"},
    "family": "lowrank",
    "year": 2020,
    "paper": "Wang et al., Linformer: Self-Attention with Linear Complexity",
    "url": "https://arxiv.org/abs/2006.04768",
    "parameters": {"num_heads": {"default": 4, "min": 1, "max": 32, "step": 1}},
    "inputs": {"key_projection": "fan_in", "value_projection": "fan_in"},
}


def linformer(
    x: Float[Tensor, "batch length model"],
    query_weight: Float[Tensor, "model model"],
    key_weight: Float[Tensor, "model model"],
    value_weight: Float[Tensor, "model model"],
    output_weight: Float[Tensor, "model model"],
    key_projection: Float[Tensor, "rank length"],
    value_projection: Float[Tensor, "rank length"],
    num_heads: int,
) -> tuple[Float[Tensor, "batch length model"], Float[Tensor, "batch {num_heads} length rank"]]:
    """Output and weights over the `rank` mixtures."""
    q = stage("query", split_heads(x @ query_weight.T, num_heads))
    k = stage("key", key_projection @ split_heads(x @ key_weight.T, num_heads))
    v = stage("value", value_projection @ split_heads(x @ value_weight.T, num_heads))
    heads, weights = scaled_dot_product(q, k, v)
    return stage("projected", merge_heads(heads) @ output_weight.T), weights
