"""FlashAttention, backward. Dao et al., FlashAttention, 2022 (algorithm 4, appendix B).

The weights were never stored, so each tile of them is computed again from the saved logsumexp L,
P = exp(S - L), which is cheaper than reading an (Lq, Lk) matrix back. With D = rowsum(dO * O):
    dV += P^T dO,   dP = dO V^T,   dS = P * (dP - D),   dQ += dS K,   dK += dS^T Q  (both scaled).
D replaces the sum over all keys in the softmax's gradient: rowsum(P * dP) = dO . O.
There are no weights to return, as in the forward.
Time O(Lq Lk d), five matrix products per tile against two; memory O((Lq + Lk) d) and one tile.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from attention.flash import flash_forward, future
from attention.stages import stage

VARIANT = {
    "title": {"en": "FlashAttention, backward", "zh": "FlashAttention 反向"},
    "family": "tiled",
    "year": 2022,
    "paper": "Dao et al., FlashAttention: Fast and Memory-Efficient Exact Attention with "
    "IO-Awareness",
    "url": "https://arxiv.org/abs/2205.14135",
    "parameters": {
        "block_size": {"default": 16, "min": 1, "max": 512, "step": 1},
        "causal": {"default": False},
    },
}
Gradients = tuple[Tensor, Tensor, Tensor]


def flash_backward(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    block_size: int = 16,
    causal: bool = False,
) -> tuple[Float[Tensor, "*batch queries value_dim"], None]:
    """Output, and None; its gradients come from `gradients` below instead of autograd."""
    output: Tensor = _Flash.apply(query, key, value, block_size, causal)  # type: ignore[no-untyped-call]
    return stage("output", output), None


def gradients(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    output: Float[Tensor, "*batch queries value_dim"],
    logsumexp: Float[Tensor, "*batch queries"],
    grad_output: Float[Tensor, "*batch queries value_dim"],
    block_size: int,
    causal: bool = False,
) -> Gradients:
    """Gradients of query, key and value, tile by tile."""
    queries, keys, scale = query.shape[-2], key.shape[-2], query.shape[-1] ** -0.5
    grad_query, grad_key, grad_value = (torch.zeros_like(x) for x in (query, key, value))
    delta = (grad_output * output).sum(dim=-1, keepdim=True)
    safe = logsumexp.masked_fill(logsumexp == -torch.inf, torch.inf)[..., None]  # P = 0 there
    for start in range(0, queries, block_size):
        rows = (..., slice(start, start + block_size), slice(None))
        q, g = query[rows] * scale, grad_output[rows]
        last = start + q.shape[-2] + keys - queries if causal else keys
        for first in range(0, last, block_size):
            columns = (..., slice(first, first + block_size), slice(None))
            s = q @ key[columns].transpose(-2, -1)
            if causal:
                s = s.masked_fill(future(start + keys - queries, first, s), -torch.inf)
            p = (s - safe[rows]).exp()
            grad_value[columns] += p.transpose(-2, -1) @ g
            ds = p * (g @ value[columns].transpose(-2, -1) - delta[rows])
            grad_query[rows] += scale * ds @ key[columns]
            grad_key[columns] += ds.transpose(-2, -1) @ q  # q carries the scale
    return grad_query, grad_key, grad_value


class _Flash(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, size: int, causal: bool
    ) -> Any:
        output, logsumexp = flash_forward(query, key, value, size, causal)
        ctx.save_for_backward(query, key, value, output, logsumexp)
        ctx.options = size, causal
        return output

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> Any:
        query, key, value, output, logsumexp = ctx.saved_tensors
        size, causal = ctx.options
        found = gradients(query, key, value, output, logsumexp, grad[0], size, causal)
        return *found, None, None
