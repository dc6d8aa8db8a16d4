"""Sliding-window attention, causal. Beltagy et al., Longformer, 2020; Jiang et al., Mistral, 2023.

A query sees itself and the window - 1 positions before it. Layers stack: after n layers a position
has heard of those up to n (window - 1) before it. The KV cache needs `window` positions only.
The main function masks the whole matrix, to be looked at; `by_blocks` gives the same output with
each block of `window` queries meeting its own block of keys and the one before.
Time O(L^2 d) and memory O(L^2) with the weights; O(L window d) and O(L window) by blocks.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import scaled_dot_product

VARIANT = {
    "title": {"en": "Sliding-window attention", "zh": "滑动窗口注意力"},
    "family": "sparse",
    "year": 2020,
    "paper": "Beltagy et al., Longformer: The Long-Document Transformer",
    "url": "https://arxiv.org/abs/2004.05150",
    "parameters": {"window": {"default": 4, "min": 1, "max": 64, "step": 1}},
}


def sliding_window(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    window: int = 4,
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"]]:
    """Output and weights; the queries are the last of the keys' positions."""
    mask = window_mask(query.shape[-2], key.shape[-2], window, query.device)
    return scaled_dot_product(query, key, value, mask)


def window_mask(
    queries: int, keys: int, window: int, device: torch.device | None = None
) -> Bool[Tensor, "{queries} {keys}"]:
    """True at the query's own position and the window - 1 before it."""
    if window < 1:
        raise ValueError(f"window must be at least 1, got {window}")
    positions = torch.arange(keys - queries, keys, device=device)
    distance = positions[:, None] - torch.arange(keys, device=device)
    return (distance >= 0) & (distance < window)


def by_blocks(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    window: int,
) -> Float[Tensor, "*batch length value_dim"]:
    """The output of `sliding_window` for as many queries as keys, without the full matrix."""
    length = query.shape[-2]
    after = -length % window  # up to a whole number of blocks; the padding comes last: unseen
    q, k, v = (
        F.pad(x, (0, 0, 0, after)).reshape(*x.shape[:-2], -1, window, x.shape[-1])
        for x in (query, key, value)
    )
    # (*batch, blocks, 2 * window, ·): the block before, empty for the first one, and its own
    k, v = (torch.cat([F.pad(x, (0, 0, 0, 0, 1, 0))[..., :-1, :, :], x], dim=-2) for x in (k, v))
    mask = window_mask(window, 2 * window, window, query.device).repeat(q.shape[-3], 1, 1)
    mask[0, :, :window] = False
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)
    weights = scores.masked_fill(~mask, -torch.inf).softmax(dim=-1)  # no row is empty: all see
    return torch.flatten(weights @ v, -3, -2)[..., :length, :]  # themselves, the padding too
