"""Nystroem attention. Xiong et al., Nystromformer, 2021 (section 3).

The attention matrix is rebuilt from a few landmark rows and columns:
    softmax(Q K~^T) pinv(softmax(Q~ K~^T)) softmax(Q~ K^T) V,   each scaled by 1/sqrt(d),
where the landmarks Q~ and K~ are means of `num_landmarks` equal segments of queries and keys. It is
exact when every position is its own landmark. Rows still sum to one if the middle matrix is
invertible, but weights may be negative. On a GPU the paper replaces the exact pseudo-inverse by
a few steps of an iteration of third order (`iterated_inverse`), which needs matrix products only.
Time O(L m d + m^3) and memory O(L m) for m landmarks; O(L^2) for the weights unless not needed.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from attention.stages import stage

VARIANT = {
    "title": {"en": "Nyström attention", "zh": "Nyström 注意力"},
    "family": "lowrank",
    "year": 2021,
    "paper": "Xiong et al., Nyströmformer: A Nyström-based Algorithm for Approximating "
    "Self-Attention",
    "url": "https://arxiv.org/abs/2102.03902",
    "parameters": {"num_landmarks": {"default": 4, "min": 1, "max": 64, "step": 1}},
}


def nystrom(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    num_landmarks: int = 4,
    need_weights: bool = True,
) -> tuple[Float[Tensor, "*batch length value_dim"], Float[Tensor, "*batch length length"] | None]:
    """Output, and the approximate weights (None unless needed)."""
    q = query / query.shape[-1] ** 0.5
    q_marks, k_marks = landmarks(q, num_landmarks), landmarks(key, num_landmarks)
    left = stage("to landmarks", (q @ k_marks.transpose(-2, -1)).softmax(dim=-1))
    middle = stage("among landmarks", (q_marks @ k_marks.transpose(-2, -1)).softmax(dim=-1))
    right = stage("from landmarks", (q_marks @ key.transpose(-2, -1)).softmax(dim=-1))
    exact = torch.promote_types(query.dtype, torch.float32)  # pinv knows no half precision
    left = left @ torch.linalg.pinv(middle.to(exact)).to(query.dtype)
    output = stage("output", left @ (right @ value))
    return output, stage("weights", left @ right) if need_weights else None


def landmarks(
    x: Float[Tensor, "*batch length dim"], count: int
) -> Float[Tensor, "*batch {count} dim"]:
    """Means of `count` equal segments."""
    length = x.shape[-2]
    if count < 1 or length % count:
        raise ValueError(f"{length} positions cannot be cut into {count} landmarks")
    return x.reshape(*x.shape[:-2], count, length // count, x.shape[-1]).mean(dim=-2)


def iterated_inverse(
    matrix: Float[Tensor, "*batch m m"], steps: int = 6
) -> Float[Tensor, "*batch m m"]:
    """Pseudo-inverse of a softmax matrix by iteration; every step triples the exact digits."""
    rows, columns = matrix.abs().sum(-1).amax(-1), matrix.abs().sum(-2).amax(-1)
    inverse = matrix.transpose(-2, -1) / (rows * columns)[..., None, None]
    one = torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
    for _ in range(steps):
        near = matrix @ inverse  # goes to the identity
        inverse = inverse @ (13 * one - near @ (15 * one - near @ (7 * one - near))) / 4
    return inverse
