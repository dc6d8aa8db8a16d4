"""Retention. Sun et al., Retentive Network (RetNet), 2023 (section 2.1).

Linear attention without a normaliser, in which the past fades by gamma per token:
    parallel   (Q K^T / sqrt(d) * D) V,   D_ij = gamma^(i - j) for j <= i, else 0
    recurrent  S_n = gamma S_(n-1) + k_n v_n^T,   o_n = S_n^T q_n / sqrt(d)
    chunked    the parallel form within a chunk and the state between chunks
Head h has gamma = 1 - 2^(-5-h), so heads remember for 32, 64, 128, ... tokens. The paper's rotation
of queries and keys (xPos) and the norm of each head's output are left out.
Time O(L^2 d) parallel, O(L d dv) recurrent; memory O(L^2) for the weights, which do not sum to one,
else O(d dv) for the state.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from attention.stages import stage

VARIANT = {
    "title": {"en": "Retention (RetNet)", "zh": "保留机制（RetNet）"},
    "family": "linear",
    "year": 2023,
    "paper": "Sun et al., Retentive Network: A Successor to Transformer for Large Language Models",
    "url": "https://arxiv.org/abs/2307.08621",
}


def retention(
    query: Float[Tensor, "batch heads length dim"],
    key: Float[Tensor, "batch heads length dim"],
    value: Float[Tensor, "batch heads length value_dim"],
) -> tuple[
    Float[Tensor, "batch heads length value_dim"], Float[Tensor, "batch heads length length"]
]:
    """Output and weights in the parallel form."""
    scores = stage("scores", query @ key.transpose(-2, -1))
    scaled = stage("scaled", scores / query.shape[-1] ** 0.5)
    steps = torch.arange(query.shape[-2])
    distance = steps[:, None] - steps
    decay = (decays(query.shape[1])[:, None, None] ** distance.clamp(min=0)).tril()
    weights = stage("weights", scaled * decay.to(query))
    return stage("output", weights @ value), weights


def decays(heads: int) -> Float[Tensor, " {heads}"]:
    """gamma of each head."""
    return 1 - 2.0 ** (-5 - torch.arange(heads, dtype=torch.float64))


def chunked(
    query: Float[Tensor, "batch heads length dim"],
    key: Float[Tensor, "batch heads length dim"],
    value: Float[Tensor, "batch heads length value_dim"],
    chunk: int = 1,
) -> Float[Tensor, "batch heads length value_dim"]:
    """The same output from a state of dim x value_dim; chunk = 1 is the recurrent form."""
    if chunk < 1:
        raise ValueError(f"chunk must be at least 1, got {chunk}")
    gamma = decays(query.shape[1]).to(query)[:, None, None]
    state = query.new_zeros(*query.shape[:2], query.shape[-1], value.shape[-1])
    outputs = []
    for q, k, v in zip(*(torch.split(x, chunk, dim=2) for x in (query, key, value)), strict=True):
        age = torch.arange(1, q.shape[2] + 1, device=q.device)[:, None]  # tokens since the state
        inner, _ = retention(q, k, v)
        outputs.append(inner + gamma**age * (q @ state) / q.shape[-1] ** 0.5)
        left = gamma ** (q.shape[2] - age)  # how much of each key is left at the chunk's end
        state = gamma ** q.shape[2] * state + (left * k).transpose(-2, -1) @ v
    return torch.cat(outputs, dim=2)
