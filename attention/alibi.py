"""Attention with linear biases (ALiBi). Press, Smith and Lewis, Train Short, Test Long, 2021.

Section 3:  softmax(q_i K^T / sqrt(d) + m_h * [-(i-1), ..., -2, -1, 0]).
No position enters the embeddings: each head pays m_h per token of distance. The slopes m_h are the
geometric sequence 2^(-8/n), 2^(-16/n), ..., 2^(-8) for n heads, fixed, so some heads look near and
some far. A model runs on longer texts than it was trained on, but by looking nearby. (The authors'
code departs from the formula where n is no power of two.)
Time O(L^2 d), memory O(heads L^2).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from attention.causal import causal_mask
from attention.scaled_dot_product import masked_softmax
from attention.stages import stage

VARIANT = {
    "title": {"en": "ALiBi (linear biases)", "zh": "ALiBi 线性偏置"},
    "family": "positions",
    "year": 2021,
    "paper": "Press et al., Train Short, Test Long: Attention with Linear Biases",
    "url": "https://arxiv.org/abs/2108.12409",
}


def alibi(
    query: Float[Tensor, "batch heads queries dim"],
    key: Float[Tensor, "batch heads keys dim"],
    value: Float[Tensor, "batch heads keys value_dim"],
) -> tuple[
    Float[Tensor, "batch heads queries value_dim"], Float[Tensor, "batch heads queries keys"]
]:
    """Output and weights, causal; the queries are the last of the keys' positions."""
    queries, keys = query.shape[-2], key.shape[-2]
    scores = stage("scores", query @ key.transpose(-2, -1))
    scaled = stage("scaled", scores / query.shape[-1] ** 0.5)
    bias = alibi_bias(query.shape[1], queries, keys).to(query)
    mask = causal_mask(queries, keys, query.device)
    weights = masked_softmax(stage("biased", scaled + bias.masked_fill(~mask, 0.0)), mask)
    return stage("output", weights @ value), weights


def alibi_bias(
    num_heads: int, query_length: int, key_length: int
) -> Float[Tensor, "{num_heads} {query_length} {key_length}"]:
    """-slope * distance for the past, 0 at the query itself, -inf for the future; float32."""
    slopes = 2.0 ** (-8.0 * torch.arange(1, num_heads + 1) / num_heads)
    positions = torch.arange(query_length) + key_length - query_length
    distance = positions[:, None] - torch.arange(key_length)
    bias = -slopes[:, None, None] * distance
    return bias.masked_fill(distance < 0, -torch.inf)
