"""FlashAttention, forward. Dao et al., FlashAttention, 2022 (section 3.1, algorithm 1).

Exact attention without the (Lq, Lk) matrix: a tile of queries meets one tile of keys after another,
keeping a running maximum m, sum l and unnormalised output o. When the maximum grows, the old l and
o are shrunk by exp(m_old - m_new). On a GPU the tiles fit into fast memory: N^2 d^2 / M accesses to
slow memory instead of N d + N^2 (theorem 2, M the size of fast memory); the FLOPs stay the same.
As in FlashAttention-2 the queries are the outer loop and o is divided by l once, at the end.
There are no weights: never holding them is the point.
Time O(Lq Lk d), memory O(Lq d) beside the inputs and one tile.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from attention.stages import stage

VARIANT = {
    "title": {"en": "FlashAttention, forward", "zh": "FlashAttention 前向"},
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


def flash(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    block_size: int = 16,
    causal: bool = False,
) -> tuple[Float[Tensor, "*batch queries value_dim"], None]:
    """Output, and None for the weights."""
    output, logsumexp = flash_forward(query, key, value, block_size, causal)
    stage("logsumexp", logsumexp)
    return stage("output", output), None


def flash_forward(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    block_size: int,
    causal: bool = False,
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries"]]:
    """Output and natural logsumexp of the scaled scores, -inf for a query without keys."""
    if block_size < 1:
        raise ValueError(f"block_size must be at least 1, got {block_size}")
    queries, keys, scale = query.shape[-2], key.shape[-2], query.shape[-1] ** -0.5
    outputs, logsumexps = [], []
    for start in range(0, queries, block_size):
        q = query[..., start : start + block_size, :] * scale
        m = q.new_full((*q.shape[:-1], 1), -torch.inf)  # running maximum
        total = torch.zeros_like(m)
        o = q.new_zeros(*q.shape[:-1], value.shape[-1])
        last = start + q.shape[-2] + keys - queries if causal else keys  # keys from here on: unseen
        for first in range(0, last, block_size):
            s = q @ key[..., first : first + block_size, :].transpose(-2, -1)
            if causal:
                s = s.masked_fill(future(start + keys - queries, first, s), -torch.inf)
            grown = torch.maximum(m, s.amax(dim=-1, keepdim=True)).detach()
            finite = grown.masked_fill(grown == -torch.inf, 0.0)  # no key seen yet
            p, shrink = (s - finite).exp(), (m - finite).exp()
            total = total * shrink + p.sum(dim=-1, keepdim=True)
            o = o * shrink + p @ value[..., first : first + block_size, :]
            m = grown
        empty = total == 0
        total = total.masked_fill(empty, 1.0)
        outputs.append(o / total)
        logsumexps.append((m.masked_fill(empty, -torch.inf) + total.log()).squeeze(-1))
    return torch.cat(outputs, dim=-2), torch.cat(logsumexps, dim=-1)


def future(position: int, first: int, tile: Tensor) -> Tensor:
    """True where a tile's key comes after its query; its corner is at (position, first)."""
    rows = torch.arange(position, position + tile.shape[-2], device=tile.device)
    columns = torch.arange(first, first + tile.shape[-1], device=tile.device)
    return columns > rows[:, None]
