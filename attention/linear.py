"""Linear attention. Katharopoulos et al., Transformers are RNNs, 2020 (section 3).

Replace exp(q . k) by phi(q) . phi(k) with phi(x) = elu(x) + 1 > 0; then the sum over keys can be
taken before the queries come:
    out_i = phi(q_i)^T S / (phi(q_i)^T z),   S = sum_j phi(k_j) v_j^T,   z = sum_j phi(k_j).
Causal, S and z are running sums: a recurrent network with a state of dim x value_dim however long
the text. It cannot focus as sharply as the softmax.
Three forms, equal: parallel (the main function; makes the weights), recurrent (decoding), chunked
(training: parallel within a chunk, recurrent between them).
Time O(L^2 d) parallel, O(L d dv) recurrent, O(L d (dv + chunk)) chunked; memory O(L^2) for the
weights, else O(L d) and the state.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from attention.causal import causal_mask
from attention.stages import stage

VARIANT = {
    "title": {"en": "Linear attention", "zh": "线性注意力"},
    "family": "linear",
    "year": 2020,
    "paper": "Katharopoulos et al., Transformers are RNNs: Fast Autoregressive Transformers with "
    "Linear Attention",
    "url": "https://arxiv.org/abs/2006.16236",
    "parameters": {"causal": {"default": False}},
}


def linear(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    causal: bool = False,
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"]]:
    """Output and weights in the parallel form; a query without keys gets zeros."""
    scores = stage("scores", features(query) @ features(key).transpose(-2, -1))
    if causal:
        mask = causal_mask(query.shape[-2], key.shape[-2], query.device)
        scores = stage("masked", scores.masked_fill(~mask, 0.0))
    weights = stage("weights", divide(scores, scores.sum(dim=-1, keepdim=True)))
    return stage("output", weights @ value), weights


def features(x: Tensor) -> Tensor:
    """phi(x) = elu(x) + 1: x + 1 for positive x, exp(x) for negative x."""
    return F.elu(x) + 1


def divide(numerator: Tensor, normaliser: Tensor) -> Tensor:
    """The quotient, zero where the normaliser is zero."""
    return numerator / normaliser.masked_fill(normaliser == 0, 1.0)


def summed(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
) -> Float[Tensor, "*batch queries value_dim"]:
    """Not causal, in linear time: the keys and values are summed up once for all queries."""
    q, k = features(query), features(key)
    state, total = k.transpose(-2, -1) @ value, k.sum(dim=-2)
    return divide(q @ state, q @ total[..., None])


def recurrent(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
) -> Float[Tensor, "*batch length value_dim"]:
    """Causal, one token at a time."""
    return chunked(query, key, value, 1)


def chunked(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    chunk: int,
) -> Float[Tensor, "*batch length value_dim"]:
    """Causal: each chunk reads the state of those before it and its own scores, then adds to it."""
    if chunk < 1:
        raise ValueError(f"chunk must be at least 1, got {chunk}")
    state = query.new_zeros(*query.shape[:-2], query.shape[-1], value.shape[-1])
    total = query.new_zeros(*query.shape[:-2], query.shape[-1], 1)
    outputs = []
    for q, k, v in zip(*(torch.split(x, chunk, dim=-2) for x in (query, key, value)), strict=True):
        q, k = features(q), features(k)
        scores = (q @ k.transpose(-2, -1)).tril()
        normaliser = q @ total + scores.sum(dim=-1, keepdim=True)
        outputs.append(divide(q @ state + scores @ v, normaliser))
        state = state + k.transpose(-2, -1) @ v
        total = total + k.sum(dim=-2)[..., None]
    return torch.cat(outputs, dim=-2)
