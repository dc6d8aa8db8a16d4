"""Padding mask. Vaswani et al., Attention Is All You Need, 2017, as every batched model needs it.

Sequences of different lengths share a rectangle; the slots behind a sequence's end hold padding
that no query may attend to. The mask belongs to the keys: it is one row per sequence, the same for
all heads and all queries. The padded queries still compute something, which nobody reads: it is
left out of the loss, not of the attention. A sequence of length 0 gives zeros.
Time O(Lq Lk d) and memory O(Lq Lk), padding included: packing (see document.py) saves it.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from attention.scaled_dot_product import scaled_dot_product

VARIANT = {
    "title": {"en": "Padding mask", "zh": "填充掩码"},
    "family": "masks",
    "year": 2017,
    "paper": "Vaswani et al., Attention Is All You Need",
    "url": "https://arxiv.org/abs/1706.03762",
    "inputs": {"lengths": "lengths"},
}


def padding(
    query: Float[Tensor, "batch heads queries dim"],
    key: Float[Tensor, "batch heads keys dim"],
    value: Float[Tensor, "batch heads keys value_dim"],
    lengths: Int[Tensor, " batch"],
) -> tuple[
    Float[Tensor, "batch heads queries value_dim"], Float[Tensor, "batch heads queries keys"]
]:
    """Output and weights; sequence b's keys from `lengths[b]` on get no weight."""
    return scaled_dot_product(query, key, value, padding_mask(lengths, key.shape[-2]))


def padding_mask(
    lengths: Int[Tensor, " batch"], max_length: int
) -> Bool[Tensor, "batch 1 1 {max_length}"]:
    """True at the first `lengths[b]` of `max_length` keys; broadcasts over heads and queries."""
    if len(lengths) and not 0 <= int(lengths.min()) <= int(lengths.max()) <= max_length:
        raise ValueError(f"lengths must lie in 0..{max_length}, got {lengths.tolist()}")
    positions = torch.arange(max_length, device=lengths.device)
    return (positions < lengths[:, None])[:, None, None, :]
