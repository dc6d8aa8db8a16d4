"""Induced set attention and latent arrays. Lee et al., Set Transformer, 2018 (section 3.1).

m learned points stand between the positions: they read the whole set first, H = attend(I, X), and
the positions read them, attend(X, H). Two thin attentions replace one square one, so the cost is
linear in the set's size. Perceiver (Jaegle et al., 2021) keeps the m latents as its state and reads
the input into them again and again; the queries of image-text models and of DETR's decoder are
latents of this kind too. Order does not matter: the output moves with the input.
Time O(L m d), memory O(L m) for m points: the product of the two weights, returned to be looked at,
is the only (L, L) matrix and is left out unless needed.
"""

from jaxtyping import Float
from torch import Tensor

from attention.scaled_dot_product import scaled_dot_product
from attention.stages import stage

VARIANT = {
    "title": {
        "en": "Induced set attention (Set Transformer, Perceiver)",
        "zh": "诱导集合注意力（Set Transformer、Perceiver）",
    },
    "family": "lowrank",
    "year": 2018,
    "paper": "Lee et al., Set Transformer: A Framework for Attention-based Permutation-Invariant "
    "Neural Networks",
    "url": "https://arxiv.org/abs/1810.00825",
    "sizes": {"points": 3},
}


def induced_set(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length dim"],
    points: Float[Tensor, "points dim"],
    need_weights: bool = True,
) -> tuple[Float[Tensor, "*batch length dim"], Float[Tensor, "*batch length length"] | None]:
    """Output, and the weights from position to position through the points (None unless needed)."""
    asking = points.expand(*key.shape[:-2], -1, -1)
    gathered, reading = scaled_dot_product(asking, key, value)  # the points read the set
    stage("gathered", gathered)
    output, back = scaled_dot_product(query, gathered, gathered)  # the set reads the points
    return output, stage("through points", back @ reading) if need_weights else None
