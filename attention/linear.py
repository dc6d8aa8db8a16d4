"""Linear attention. Katharopoulos et al., Transformers are RNNs, 2020 (section 3).

Replace exp(q . k) by phi(q) . phi(k) with phi(x) = elu(x) + 1 > 0; then the sum over keys can be
taken before the queries come:
    out_i = phi(q_i)^T S / (phi(q_i)^T z),   S = sum_j phi(k_j) v_j^T,   z = sum_j phi(k_j).
Causal, S and z are running sums: a recurrent network with a state of dim x value_dim however long
the text. It cannot focus as sharply as the softmax.
Its forms are equal: parallel (the main function, which makes the weights), `summed` (not causal),
and, in linear_chunked.py, recurrent (decoding) and chunked (training).
Time O(L^2 d) parallel, O(L d dv) else; memory O(L^2) for the weights, else O(L d) and the state.
"""

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
