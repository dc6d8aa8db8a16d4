"""The best low-rank approximation of attention. Eckart and Young, 1936; Wang et al., 2020.

The weights are cut to their `rank` largest singular values: no other matrix of that rank is nearer
(Eckart-Young). So this is the least error that any rank-r method, such as Linformer or Nystroem,
can have on the same weights; it saves nothing itself. Smooth averaging has low rank; looking up one
distinct position per query is a permutation, whose singular values are all one: cutting the rank
loses needles first. Gradients treat the chosen subspace as given.
Time O(Lq Lk min(Lq, Lk)) for the decomposition, memory O(Lq Lk).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from attention.scaled_dot_product import masked_softmax
from attention.stages import stage

VARIANT = {
    "title": {"en": "Best low-rank approximation", "zh": "最优低秩近似"},
    "family": "lowrank",
    "year": 2020,
    "paper": "Wang et al., Linformer: Self-Attention with Linear Complexity",
    "url": "https://arxiv.org/abs/2006.04768",
    "parameters": {"rank": {"default": 2, "min": 1, "max": 64, "step": 1}},
}


def low_rank(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    rank: int = 2,
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"]]:
    """Output and approximate weights, whose rows need not sum to one nor be positive."""
    if rank < 1:
        raise ValueError(f"rank must be at least 1, got {rank}")
    scores = stage("scores", query @ key.transpose(-2, -1))
    exact = masked_softmax(stage("scaled", scores / query.shape[-1] ** 0.5))
    wide = exact.detach().to(torch.promote_types(exact.dtype, torch.float32))
    basis = torch.linalg.svd(wide, full_matrices=False).U[..., :rank].to(exact)
    # The nearest matrix of this rank is the projection on the leading left singular vectors.
    weights = stage("approximated", basis @ (basis.transpose(-2, -1) @ exact))
    return stage("output", weights @ value), weights


def low_rank_error(weights: Float[Tensor, "*batch queries keys"], rank: int) -> Tensor:
    """Least Frobenius error of any matrix of that rank, relative to the norm of `weights`."""
    singular = torch.linalg.svdvals(weights)
    error: Tensor = singular[..., rank:].norm(dim=-1) / singular.norm(dim=-1)
    return error
