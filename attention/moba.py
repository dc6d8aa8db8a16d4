"""Mixture of block attention (MoBA). Lu et al., MoBA, 2025 (section 2).

Experts for keys: the keys are cut into blocks, a query scores each block by its product with the
block's mean key, and attends, by ordinary softmax, to the tokens of the `top_blocks` best. Its own
block is always among them and is causal; blocks after it are never chosen. Nothing is added to the
parameters, so a model can change between full attention and this one.
Time O(L (L / block_size + top_blocks block_size) d) with a kernel that skips, memory O(L^2) as
masked here.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attention.causal import causal_mask
from attention.scaled_dot_product import scaled_dot_product

VARIANT = {
    "title": {"en": "Mixture of block attention (MoBA)", "zh": "块注意力混合（MoBA）"},
    "family": "sparse",
    "year": 2025,
    "paper": "Lu et al., MoBA: Mixture of Block Attention for Long-Context LLMs",
    "url": "https://arxiv.org/abs/2502.13189",
    "parameters": {
        "block_size": {"default": 4, "min": 1, "max": 64, "step": 1},
        "top_blocks": {"default": 2, "min": 1, "max": 16, "step": 1},
    },
    "sizes": {"length": 16},
}


def moba(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    block_size: int = 4,
    top_blocks: int = 2,
) -> tuple[Float[Tensor, "*batch length value_dim"], Float[Tensor, "*batch length length"]]:
    """Output and weights; the length must be divisible by `block_size`."""
    length = query.shape[-2]
    if block_size < 1 or length % block_size:
        raise ValueError(f"{length} positions do not make blocks of {block_size}")
    if top_blocks < 1:
        raise ValueError(f"top_blocks must be at least 1, got {top_blocks}")
    means = key.reshape(*key.shape[:-2], -1, block_size, key.shape[-1]).mean(dim=-2)
    affinity = (query @ means.transpose(-2, -1)).detach()
    mask = routed(affinity, block_size, top_blocks).repeat_interleave(block_size, dim=-1)
    return scaled_dot_product(query, key, value, mask & causal_mask(length, length, query.device))


def routed(
    affinity: Float[Tensor, "*batch length blocks"], block_size: int, top_blocks: int
) -> Bool[Tensor, "*batch length blocks"]:
    """True at the own block and at the best of the blocks before it, `top_blocks` in all."""
    own = torch.arange(affinity.shape[-2], device=affinity.device)[:, None] // block_size
    index = torch.arange(affinity.shape[-1], device=affinity.device)
    score = affinity.masked_fill(index > own, -torch.inf).masked_fill(index == own, torch.inf)
    best = score.topk(min(top_blocks, len(index)), dim=-1).indices
    return torch.zeros_like(score, dtype=torch.bool).scatter(-1, best, True) & (index <= own)
