"""Gated linear attention (GLA). Yang et al., Gated Linear Attention Transformers, 2023.

Section 4: the state forgets at a rate that the input chooses, per key feature:
    S_t = diag(a_t) S_(t-1) + k_t v_t^T,   o_t = S_t^T q_t,   a_t = sigmoid(gate_t)^(1/16).
Unrolled, weight (i, j) is sum_d q_id k_jd prod_(j < s <= i) a_sd: causal attention, no softmax.
The chunked form reads the state for what came before the chunk and makes weights inside it only;
products of decays are differences of cumulative logarithms, so nothing under- or overflows.
Time O(L^2 d) for the weights, O(L d dv) recurrent, O(L d (dv + chunk)) chunked; memory O(L^2 d) as
written for the weights, which do not sum to one, else O(chunk^2 d) and the state.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from attention.stages import silent, stage

VARIANT = {
    "title": {"en": "Gated linear attention (GLA)", "zh": "门控线性注意力（GLA）"},
    "family": "linear",
    "year": 2023,
    "paper": "Yang et al., Gated Linear Attention Transformers with Hardware-Efficient Training",
    "url": "https://arxiv.org/abs/2312.06635",
}
TEMPERATURE = 16  # keeps the decay near one, so that the state remembers


def gated_linear(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    gate: Float[Tensor, "*batch length dim"],
) -> tuple[Float[Tensor, "*batch length value_dim"], Float[Tensor, "*batch length length"]]:
    """Output and weights; `gate` holds the logits of the decay."""
    logs = stage("log decay", F.logsigmoid(gate) / TEMPERATURE).cumsum(dim=-2)
    between = logs[..., :, None, :] - logs[..., None, :, :]  # (*batch, queries, keys, dim)
    steps = torch.arange(query.shape[-2], device=query.device)
    future = (steps > steps[:, None])[..., None]
    decay = between.masked_fill(future, -torch.inf).exp()
    weights = stage("weights", torch.einsum("...id,...jd,...ijd->...ij", query, key, decay))
    return stage("output", weights @ value), weights


def recurrent(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    gate: Float[Tensor, "*batch length dim"],
) -> Float[Tensor, "*batch length value_dim"]:
    """The same output from the state alone, one token at a time."""
    state = query.new_zeros(*query.shape[:-2], query.shape[-1], value.shape[-1])
    outputs = []
    for t in range(query.shape[-2]):
        decay = (F.logsigmoid(gate[..., t, :]) / TEMPERATURE).exp()
        state = decay[..., None] * state + key[..., t, :, None] * value[..., t, None, :]
        outputs.append((query[..., t, None, :] @ state)[..., 0, :])
    return torch.stack(outputs, dim=-2)


def chunked(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    gate: Float[Tensor, "*batch length dim"],
    chunk: int,
) -> Float[Tensor, "*batch length value_dim"]:
    """The same output: weights within a chunk, the state between chunks."""
    if chunk < 1:
        raise ValueError(f"chunk must be at least 1, got {chunk}")
    state = query.new_zeros(*query.shape[:-2], query.shape[-1], value.shape[-1])
    outputs = []
    parts = zip(*(torch.split(x, chunk, dim=-2) for x in (query, key, value, gate)), strict=True)
    for q, k, v, g in parts:
        logs = (F.logsigmoid(g) / TEMPERATURE).cumsum(dim=-2)
        with silent():
            inner, _ = gated_linear(q, k, v, g)
        outputs.append(inner + (q * logs.exp()) @ state)
        last = logs[..., -1:, :]  # the whole chunk's decay
        kept = (k * (last - logs).exp()).transpose(-2, -1) @ v
        state = last.exp().transpose(-2, -1) * state + kept
    return torch.cat(outputs, dim=-2)
