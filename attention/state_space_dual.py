"""State space duality (Mamba-2). Dao and Gu, Transformers are SSMs, 2024 (sections 3 and 6).

A selective state space model with one decay per head and step,
    S_t = a_t S_(t-1) + k_t v_t^T,   o_t = S_t^T q_t,   a_t = exp(-softplus(step_t)),
is attention without softmax under a mask of decays: (Q K^T * M) V, M_ij = a_(j+1) ... a_i for
j <= i. (In the paper's letters q, k, v are C, B, X, and M is 1-semiseparable.) Constant a is
retention; a per key feature is gated linear attention. The chunked form makes the matrix within
chunks and carries the state between them.
Time O(L^2 d) for the weights, O(L d (dv + chunk)) chunked; memory O(L^2), or O(d dv + chunk^2). The
weights do not sum to one.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from attention.stages import silent, stage

VARIANT = {
    "title": {"en": "State space duality (Mamba-2)", "zh": "状态空间对偶（Mamba-2）"},
    "family": "linear",
    "year": 2024,
    "paper": "Dao and Gu, Transformers are SSMs: Generalized Models and Efficient Algorithms "
    "Through Structured State Space Duality",
    "url": "https://arxiv.org/abs/2405.21060",
}


def state_space_dual(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    step: Float[Tensor, "*batch length"],
) -> tuple[Float[Tensor, "*batch length value_dim"], Float[Tensor, "*batch length length"]]:
    """Output and weights; a larger `step` forgets more."""
    scores = stage("scores", query @ key.transpose(-2, -1))
    logs = -F.softplus(step).cumsum(dim=-1)
    future = torch.ones_like(scores, dtype=torch.bool).triu(diagonal=1)
    between = (logs[..., :, None] - logs[..., None, :]).masked_fill(future, -torch.inf)
    weights = stage("weights", scores * stage("decay", between.exp()))
    return stage("output", weights @ value), weights


def chunked(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    step: Float[Tensor, "*batch length"],
    chunk: int = 1,
) -> Float[Tensor, "*batch length value_dim"]:
    """The same output from a state of dim x value_dim; chunk = 1 is the recurrent form."""
    if chunk < 1:
        raise ValueError(f"chunk must be at least 1, got {chunk}")
    state = query.new_zeros(*query.shape[:-2], query.shape[-1], value.shape[-1])
    outputs = []
    inputs = (query, key, value, step[..., None])
    for q, k, v, s in zip(*(torch.split(x, chunk, dim=-2) for x in inputs), strict=True):
        logs = -F.softplus(s).cumsum(dim=-2)  # (*batch, chunk, 1)
        with silent():
            inner, _ = state_space_dual(q, k, v, s[..., 0])
        outputs.append(inner + logs.exp() * (q @ state))
        last = logs[..., -1:, :]
        state = last.exp() * state + (k * (last - logs).exp()).transpose(-2, -1) @ v
    return torch.cat(outputs, dim=-2)
