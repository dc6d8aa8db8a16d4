"""Cross-attention. Vaswani et al., Attention Is All You Need, 2017.

Section 3.2.3, "encoder-decoder attention": queries come from one sequence, keys and values from
another. A decoder reads the encoder's output so, a diffusion model its prompt, a detector's object
queries the image. The two sides may differ in length and in width, and nothing is causal: the
whole context is known. The keys and values depend on the context only, so they are computed once
for all decoding steps.
Time O(Lq Lk d_model) beside the projections, memory O(num_heads Lq Lk).
"""

from jaxtyping import Bool, Float
from torch import Tensor

from attention.multi_head import merge_heads, split_heads
from attention.scaled_dot_product import scaled_dot_product
from attention.stages import stage

VARIANT = {
    "title": {"en": "Cross-attention", "zh": "交叉注意力"},
    "family": "heads",
    "year": 2017,
    "paper": "Vaswani et al., Attention Is All You Need",
    "url": "https://arxiv.org/abs/1706.03762",
    "parameters": {"num_heads": {"default": 4, "min": 1, "max": 32, "step": 1}},
}


def cross(
    x: Float[Tensor, "batch queries model"],
    context: Float[Tensor, "batch keys context_dim"],
    query_weight: Float[Tensor, "model model"],
    key_weight: Float[Tensor, "model context_dim"],
    value_weight: Float[Tensor, "model context_dim"],
    output_weight: Float[Tensor, "model model"],
    num_heads: int,
    mask: Bool[Tensor, "batch keys"] | None = None,
) -> tuple[Float[Tensor, "batch queries model"], Float[Tensor, "batch {num_heads} queries keys"]]:
    """Output and weights per head; `mask` is True at context positions that are no padding."""
    q = stage("query", split_heads(x @ query_weight.T, num_heads))
    k = stage("key", split_heads(context @ key_weight.T, num_heads))
    v = stage("value", split_heads(context @ value_weight.T, num_heads))
    allowed = None if mask is None else mask[:, None, None, :]  # the same for all heads and queries
    heads, weights = scaled_dot_product(q, k, v, allowed)
    return stage("projected", merge_heads(heads) @ output_weight.T), weights
