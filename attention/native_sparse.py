"""Native sparse attention (NSA). Yuan et al., Native Sparse Attention, 2025 (section 3).

Three causal branches, mixed by gates per query (equation 5):
    compressed  every finished block of keys and values becomes one token, by a learned map
    selected    the blocks that the compressed weights find most important are read in full, and
                the query's own block always
    window      the last `window` tokens
Selection reuses the compressed scores, so it costs nothing, and whole blocks are what hardware
reads well; it is trained from the start, not added to a trained model. In the paper the map is a
small network, and the heads of a group choose together; here it is linear, and each head chooses.
Time O(L (L / block + selected block + window) d) with a kernel that skips, memory O(L^2) as masked
here. The branches' weights are stages; they share no common keys, so None is returned.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from attention.causal import causal_mask
from attention.scaled_dot_product import scaled_dot_product
from attention.sliding_window import window_mask
from attention.stages import silent, stage

VARIANT = {
    "title": {"en": "Native sparse attention (NSA)", "zh": "原生稀疏注意力（NSA）"},
    "family": "sparse",
    "year": 2025,
    "paper": "Yuan et al., Native Sparse Attention: Hardware-Aligned and Natively Trainable Sparse "
    "Attention",
    "url": "https://arxiv.org/abs/2502.11089",
    "parameters": {
        "selected": {"default": 2, "min": 1, "max": 16, "step": 1},
        "window": {"default": 4, "min": 1, "max": 64, "step": 1},
    },
    "sizes": {"length": 16, "block": 4},
}


def native_sparse(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    gate: Float[Tensor, "*batch length 3"],
    key_map_weight: Float[Tensor, "block dim dim"],
    value_map_weight: Float[Tensor, "block value_dim value_dim"],
    selected: int = 2,
    window: int = 4,
) -> tuple[Float[Tensor, "*batch length value_dim"], None]:
    """Output, and None; `gate` holds logits, the maps one (out, in) matrix per place in a block."""
    length, block = query.shape[-2], len(key_map_weight)
    if selected < 1:
        raise ValueError(f"selected must be at least 1, got {selected}")
    ends = torch.arange(block - 1, length - length % block, block, device=query.device)
    positions = torch.arange(length, device=query.device)[:, None]
    with silent():
        finished = ends <= positions  # (length, blocks)
        coarse, importance = scaled_dot_product(
            query, compress(key, key_map_weight), compress(value, value_map_weight), finished
        )
        blocks = chosen_blocks(importance.detach(), block, selected)
        mask = blocks.repeat_interleave(block, dim=-1)[..., :length]
        mask = mask & causal_mask(length, length, query.device)
        fine, fine_weights = scaled_dot_product(query, key, value, mask)
        near_mask = window_mask(length, length, window, query.device)
        near, near_weights = scaled_dot_product(query, key, value, near_mask)
    stage("compressed weights", importance)
    stage("selected weights", fine_weights)
    stage("window weights", near_weights)
    gates = stage("gates", gate.sigmoid())
    mixed = (gates[..., None] * torch.stack([coarse, fine, near], dim=-2)).sum(dim=-2)
    return stage("output", mixed), None


def compress(
    x: Float[Tensor, "*batch length dim"], weight: Float[Tensor, "block dim dim"]
) -> Float[Tensor, "*batch blocks dim"]:
    """One token per whole block: the sum of its tokens, each through its place's matrix."""
    count = x.shape[-2] // len(weight)
    blocks = x[..., : count * len(weight), :].reshape(*x.shape[:-2], count, *weight.shape[:2])
    return torch.einsum("...npd,ped->...ne", blocks, weight)


def chosen_blocks(importance: Tensor, block: int, selected: int) -> Tensor:
    """True at the query's own block and its selected - 1 most important finished ones."""
    length = importance.shape[-2]
    count = -(-length // block)  # a last block that is not full counts too
    own = torch.arange(length, device=importance.device) // block
    rank = importance.new_full((*importance.shape[:-1], count), -1.0)
    rank[..., : importance.shape[-1]] = importance
    index = torch.arange(count, device=importance.device)
    rank = rank.masked_fill(index > own[:, None], -2.0).masked_fill(index == own[:, None], 2.0)
    best = rank.topk(min(selected, count), dim=-1).indices
    return torch.zeros_like(rank, dtype=torch.bool).scatter(-1, best, True)
