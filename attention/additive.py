"""Additive attention. Bahdanau, Cho and Bengio, Neural Machine Translation by ..., 2014.

Section 3.1 and appendix A.1.2:  e_ij = v^T tanh(W s_i + U h_j), weights = softmax_j(e_ij),
context_i = sum_j weights_ij h_j. The first attention: a decoder state s_i asks, the encoder's
states h_j are keys and values. A small network compares them, so query and key may differ in width
and no scaling is needed (|e| <= |v|_1); a dot product is one matrix product and much faster.
Time O(Lq Lk hidden), memory O(Lq Lk hidden) for the tanh of every pair.
"""

from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import masked_softmax
from attention.stages import stage

VARIANT = {
    "title": {"en": "Additive attention (Bahdanau)", "zh": "加性注意力（Bahdanau）"},
    "family": "core",
    "year": 2014,
    "paper": "Bahdanau et al., Neural Machine Translation by Jointly Learning to Align and "
    "Translate",
    "url": "https://arxiv.org/abs/1409.0473",
}


def additive(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys context_dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    query_weight: Float[Tensor, "latent dim"],
    key_weight: Float[Tensor, "latent context_dim"],
    score_weight: Float[Tensor, " latent"],
    mask: Bool[Tensor, "*#batch #queries #keys"] | None = None,
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"]]:
    """Output and weights; in the paper the values are the keys."""
    q = stage("query", query @ query_weight.T)
    k = stage("key", key @ key_weight.T)
    hidden = (q[..., :, None, :] + k[..., None, :, :]).tanh()  # (*batch, queries, keys, latent)
    weights = masked_softmax(stage("scores", hidden @ score_weight), mask)
    return stage("output", weights @ value), weights
