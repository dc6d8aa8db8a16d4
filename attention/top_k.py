"""Top-k attention. Gupta et al., Memory-efficient Transformers via Top-k Attention, 2021.

Each query keeps its k largest scores, and the softmax runs over them alone; the others are set to
-inf. Softmax is peaked, so little is lost for moderate k, and a trained model can be switched over
without retraining. The choice itself is not differentiable: gradients flow through the k kept
scores as if they had been given. All scores are still computed, so what is saved is memory for the
weights (in chunks of queries) and reading of values, not the first matrix product.
Time O(Lq Lk d) and memory O(Lq Lk) as written; O(Lq k) in chunks of queries.
"""

from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import masked_softmax
from attention.stages import stage

VARIANT = {
    "title": {"en": "Top-k attention", "zh": "Top-k 注意力"},
    "family": "sparse",
    "year": 2021,
    "paper": "Gupta et al., Memory-efficient Transformers via Top-k Attention",
    "url": "https://arxiv.org/abs/2106.06899",
    "parameters": {"k": {"default": 3, "min": 1, "max": 64, "step": 1}},
}


def top_k(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    k: int = 3,
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"]]:
    """Output and weights; ties go to the lower key index, and k >= keys means all of them."""
    scores = stage("scores", query @ key.transpose(-2, -1))
    scaled = stage("scaled", scores / query.shape[-1] ** 0.5)
    weights = masked_softmax(scaled, top_k_mask(scaled, k))
    return stage("output", weights @ value), weights


def top_k_mask(
    scores: Float[Tensor, "*batch queries keys"], k: int
) -> Bool[Tensor, "*batch queries keys"]:
    """True at the k largest scores of each row; a stable sort keeps equal ones in their order."""
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    order = scores.sort(dim=-1, descending=True, stable=True).indices
    ranks = order.argsort(dim=-1)  # the inverse permutation: where each key came in
    return ranks < k
