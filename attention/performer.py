"""Performer: positive random features (FAVOR+). Choromanski et al., Rethinking Attention, 2020.

Section 2.3, lemma 1: for w ~ N(0, I),  exp(q . k) = E[phi_w(q) phi_w(k)] with
phi_w(x) = exp(w . x - |x|^2 / 2). With `features` draws the softmax's kernel becomes a product of
two thin matrices, and attention is summed up in linear time as in linear.py. Positive features keep
the estimate positive; sines and cosines, also unbiased, fail where weights are small. Orthogonal
rows (section 2.4) lower the error further. 1/sqrt(d) is split: query and key get d^(-1/4) each.
The squared error falls as 1/features but grows as exp(|q + k|^2): see `expected_squared_error`.
Time O(L features d), memory O(L features); O(L^2) for the weights unless they are not needed.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from attention.stages import stage

VARIANT = {
    "title": {"en": "Performer (random features)", "zh": "Performer（随机特征）"},
    "family": "linear",
    "year": 2020,
    "paper": "Choromanski et al., Rethinking Attention with Performers",
    "url": "https://arxiv.org/abs/2009.14794",
}


def performer(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    projection: Float[Tensor, "features dim"],
    need_weights: bool = True,
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"] | None]:
    """Output, and the approximate weights (None unless needed). `projection` has rows w."""
    q = stage("query", positive_features(query, projection, dim=(-1,)))
    k = stage("key", positive_features(key, projection, dim=(-2, -1)))
    normaliser = q @ k.sum(dim=-2)[..., None]
    output = stage("output", q @ (k.transpose(-2, -1) @ value) / normaliser)
    if not need_weights:
        return output, None
    return output, stage("weights", q @ k.transpose(-2, -1) / normaliser)


def positive_features(
    x: Float[Tensor, "*batch length dim"],
    projection: Float[Tensor, "features dim"],
    dim: tuple[int, ...] = (),
) -> Float[Tensor, "*batch length features"]:
    """phi(x d^(-1/4)) / sqrt(features); over `dim` the largest exponent is taken out, a common
    factor of a query (or of all keys) that the normaliser cancels, so that nothing overflows."""
    x = x / x.shape[-1] ** 0.25
    exponent = x @ projection.T - x.square().sum(dim=-1, keepdim=True) / 2
    if dim:
        exponent = exponent - exponent.detach().amax(dim=dim, keepdim=True)
    return exponent.exp() / math.sqrt(len(projection))


def orthogonal_projection(
    features: int, dim: int, generator: torch.Generator | None = None
) -> Float[Tensor, "{features} {dim}"]:
    """Rows that are orthogonal in blocks of `dim`, each with the length of a Gaussian row."""
    blocks = -(-features // dim)
    gaussian = torch.randn(2, blocks, dim, dim, generator=generator, dtype=torch.float64)
    rows = torch.linalg.qr(gaussian[0]).Q.mT * gaussian[1].norm(dim=-1, keepdim=True)
    return torch.flatten(rows, 0, 1)[:features].float()


def expected_squared_error(
    x: Float[Tensor, "*batch dim"], y: Float[Tensor, "*batch dim"], features: int
) -> Float[Tensor, "*batch"]:
    """Of the estimate of exp(x . y) by independent rows (lemma 2)."""
    spread = (x + y).square().sum(dim=-1)
    return (2 * (x * y).sum(dim=-1)).exp() * spread.expm1() / features
