"""Gated delta rule. Yang, Kautz and Hatamizadeh, Gated Delta Networks, 2024 (section 3).

Linear attention adds to its state; this one corrects it: what the state answers for the key is
replaced by the new value at rate b_t, after everything faded by a_t (equation 10, transposed):
    S_t = a_t (I - b_t k_t k_t^T) S_(t-1) + b_t k_t v_t^T,   o_t = S_t^T q_t,   |k_t| = 1.
So a key can be overwritten, which a sum cannot do; a = 1 is DeltaNet. With the part that is new,
u_t = b_t (v_t - a_t S_(t-1)^T k_t), the state is S_t = a_t S_(t-1) + k_t u_t^T, and within a chunk
the u_t follow from one triangular system instead of a loop (`chunked`).
Time O(L d dv) recurrent, O(L (chunk^2 + chunk d + d dv)) chunked; memory O(d dv) for the state, and
O(L^2) for the weights of the main function, which is one chunk; they do not sum to one.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from attention.stages import stage

VARIANT = {
    "title": {"en": "Gated delta rule", "zh": "门控 delta 规则"},
    "family": "linear",
    "year": 2024,
    "paper": "Yang et al., Gated Delta Networks: Improving Mamba2 with Delta Rule",
    "url": "https://arxiv.org/abs/2412.06464",
}


def gated_delta(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    decay: Float[Tensor, "*batch length"],
    rate: Float[Tensor, "*batch length"],
) -> tuple[Float[Tensor, "*batch length value_dim"], Float[Tensor, "*batch length length"]]:
    """Output and weights; a = sigmoid(decay), b = sigmoid(rate), keys are normalised here."""
    one = torch.eye(query.shape[-2], dtype=value.dtype, device=value.device)
    unit = one.expand(*value.shape[:-2], -1, -1)  # values e_t read off what each token gets
    weights = stage("weights", chunked(query, key, unit, decay, rate, query.shape[-2]))
    return stage("output", weights @ value), weights


def recurrent(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    decay: Float[Tensor, "*batch length"],
    rate: Float[Tensor, "*batch length"],
) -> Float[Tensor, "*batch length value_dim"]:
    """The same output, one token at a time."""
    a, b = decay.sigmoid()[..., None, None], rate.sigmoid()[..., None, None]
    k, v, q = (x[..., None, :] for x in (F.normalize(key, dim=-1), value, query))  # rows
    state = query.new_zeros(*query.shape[:-2], query.shape[-1], value.shape[-1])
    outputs = []
    for t in range(query.shape[-2]):
        at = (..., t, slice(None), slice(None))
        state = a[at] * state
        new = b[at] * (v[at] - k[at] @ state)  # what the state does not yet answer
        state = state + k[at].transpose(-2, -1) @ new
        outputs.append(q[at] @ state)
    return torch.cat(outputs, dim=-2)


def chunked(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    decay: Float[Tensor, "*batch length"],
    rate: Float[Tensor, "*batch length"],
    chunk: int,
) -> Float[Tensor, "*batch length value_dim"]:
    """The same output: (I + T) U = b (V - g K S) solved within a chunk, S carried between them."""
    if chunk < 1:
        raise ValueError(f"chunk must be at least 1, got {chunk}")
    exact = torch.promote_types(query.dtype, torch.float32)  # the solver knows no half precision
    inputs = (query, F.normalize(key, dim=-1), value, F.logsigmoid(decay), rate.sigmoid())
    wide = [x.to(exact) for x in (*inputs[:3], inputs[3][..., None], inputs[4][..., None])]
    state = wide[0].new_zeros(*query.shape[:-2], query.shape[-1], value.shape[-1])
    outputs = []
    for q, k, v, a, b in zip(*(torch.split(x, chunk, dim=-2) for x in wide), strict=True):
        logs = a.cumsum(dim=-2)
        g = logs.exp()  # decay since the chunk's beginning, (*batch, chunk, 1)
        between = (logs - logs.transpose(-2, -1)).tril().exp().tril()
        system = (b * between * (k @ k.transpose(-2, -1))).tril(diagonal=-1)
        known = b * (v - g * (k @ state))
        u = torch.linalg.solve_triangular(system, known, upper=False, unitriangular=True)
        outputs.append(g * (q @ state) + (between * (q @ k.transpose(-2, -1))) @ u)
        left = (logs[..., -1:, :] - logs).exp()
        state = g[..., -1:, :] * state + (left * k).transpose(-2, -1) @ u
    return torch.cat(outputs, dim=-2).to(query.dtype)
