"""Causal multi-head self-attention, as in GPT. Radford et al., 2018, after Vaswani et al., 2017.

Position i attends to positions j <= i only (Attention Is All You Need, section 3.2.3). So one pass
trains all next-token predictions of a sequence at once, and the keys and values of the past never
change, which is what a cache relies on. One fused weight makes query, key and value in a single
matrix product.
Time O(L d_model^2 + L^2 d_model), memory O(num_heads L^2).
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attention.multi_head import merge_heads, split_heads
from attention.scaled_dot_product import scaled_dot_product
from attention.stages import stage

VARIANT = {
    "title": {"en": "Causal self-attention (GPT)", "zh": "因果自注意力（GPT）"},
    "family": "heads",
    "year": 2018,
    "paper": "Radford et al., Improving Language Understanding by Generative Pre-Training",
    "url": "https://cdn.openai.com/research-covers/language-unsupervised/"
    "language_understanding_paper.pdf",
    "parameters": {"num_heads": {"default": 4, "min": 1, "max": 32, "step": 1}},
}


def causal(
    x: Float[Tensor, "batch length model"],
    qkv_weight: Float[Tensor, "3*model model"],
    output_weight: Float[Tensor, "model model"],
    num_heads: int,
) -> tuple[Float[Tensor, "batch length model"], Float[Tensor, "batch {num_heads} length length"]]:
    """Output and weights; the rows of `qkv_weight` make the query, the key, then the value."""
    parts = (x @ qkv_weight.T).chunk(3, dim=-1)
    q, k, v = (
        stage(name, split_heads(part, num_heads))
        for name, part in zip(("query", "key", "value"), parts, strict=True)
    )
    mask = causal_mask(x.shape[1], x.shape[1], x.device)
    heads, weights = scaled_dot_product(q, k, v, mask)
    return stage("projected", merge_heads(heads) @ output_weight.T), weights


def causal_mask(
    queries: int, keys: int, device: torch.device | None = None
) -> Bool[Tensor, "{queries} {keys}"]:
    """True on and below the diagonal that ends in the bottom right corner.

    The queries are the last of the keys' positions, as when decoding with a cache; the first
    queries - keys rows, if there are more queries than keys, may attend to nothing.
    """
    allowed = torch.ones(queries, keys, dtype=torch.bool, device=device)
    return allowed.tril(diagonal=keys - queries)
