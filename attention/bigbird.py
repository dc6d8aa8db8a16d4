"""BigBird: window, global and random blocks. Zaheer et al., Big Bird, 2020 (section 2).

Bidirectional, in blocks of `block_size` positions, since hardware reads blocks and not single
entries: every block of queries sees its neighbours on either side, the first `global_blocks` (which
see everything too) and `random_blocks` others. The random edges keep the distance between any two
positions short, as in a random graph; with global tokens the paper proves the pattern a universal
approximator and Turing complete (section 3).
Time O(L^2 d) and memory O(L^2) as masked here; a block kernel needs O(L) of both.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import scaled_dot_product

VARIANT = {
    "title": {"en": "BigBird (block-sparse)", "zh": "BigBird（块稀疏注意力）"},
    "family": "sparse",
    "year": 2020,
    "paper": "Zaheer et al., Big Bird: Transformers for Longer Sequences",
    "url": "https://arxiv.org/abs/2007.14062",
    "parameters": {
        "block_size": {"default": 2, "min": 1, "max": 64, "step": 1},
        "random_blocks": {"default": 1, "min": 0, "max": 8, "step": 1},
        "global_blocks": {"default": 1, "min": 0, "max": 8, "step": 1},
        "seed": {"default": 0, "min": 0, "max": 1000, "step": 1},
    },
    "sizes": {"length": 16},
}


def bigbird(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    block_size: int = 2,
    random_blocks: int = 1,
    global_blocks: int = 1,
    seed: int = 0,
) -> tuple[Float[Tensor, "*batch length value_dim"], Float[Tensor, "*batch length length"]]:
    """Output and weights; the length must be divisible by `block_size`."""
    length = query.shape[-2]
    if block_size < 1 or length % block_size:
        raise ValueError(f"{length} positions do not make blocks of {block_size}")
    blocks = block_pattern(length // block_size, random_blocks, global_blocks, seed)
    mask = blocks.repeat_interleave(block_size, 0).repeat_interleave(block_size, 1)
    return scaled_dot_product(query, key, value, mask.to(query.device))


def block_pattern(
    count: int, random_blocks: int, global_blocks: int, seed: int = 0
) -> Bool[Tensor, "{count} {count}"]:
    """Which of `count` blocks sees which: three neighbours, global ones, and random others."""
    if random_blocks < 0 or global_blocks < 0:
        raise ValueError(f"got {random_blocks} random and {global_blocks} global blocks")
    index = torch.arange(count)
    seen = (index[:, None] - index).abs() <= 1
    seen |= (index < global_blocks) | (index < global_blocks)[:, None]
    # Random numbers on the unseen blocks only: the largest ones name the random blocks.
    lottery = torch.rand(count, count, generator=torch.Generator().manual_seed(seed))
    ranks = lottery.masked_fill(seen, -1.0).argsort(dim=-1, descending=True).argsort(dim=-1)
    return seen | (ranks < random_blocks)
