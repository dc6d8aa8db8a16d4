"""Tree mask of speculative decoding. Miao et al., SpecInfer, 2023; Cai et al., Medusa, 2024.

A cheap draft proposes not one continuation but a tree of them. The large model scores all nodes in
one pass: a node attends to the accepted context, to its ancestors and to itself, never to a
sibling branch, so each path gets exactly the result it would get alone. A node's position is the
context's length plus its depth, not its place in the list. A path costs one decoding step only.
Time O(n Lk d) for n nodes, memory O(n Lk).
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from attention.scaled_dot_product import scaled_dot_product

VARIANT = {
    "title": {"en": "Tree mask (speculative decoding)", "zh": "树状掩码（投机解码）"},
    "family": "masks",
    "year": 2023,
    "paper": "Miao et al., SpecInfer: Accelerating LLM Serving with Tree-based Speculative "
    "Inference and Verification",
    "url": "https://arxiv.org/abs/2305.09781",
    "sizes": {"queries": 7, "keys": 11},
    "inputs": {"parents": "tree"},
}


def tree(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    parents: Int[Tensor, " queries"],
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"]]:
    """Output and weights of the tree's nodes.

    The keys are the context followed by the nodes; `parents[i]` is the index of node i's parent
    among the nodes, earlier than i, or -1 for a root.
    """
    context = key.shape[-2] - len(parents)
    if context < 0:
        raise ValueError(f"{key.shape[-2]} keys are fewer than the {len(parents)} nodes")
    seen = torch.ones(len(parents), context, dtype=torch.bool, device=key.device)
    mask = torch.cat([seen, tree_mask(parents).to(key.device)], dim=-1)
    return scaled_dot_product(query, key, value, mask)


def tree_mask(parents: Int[Tensor, " nodes"]) -> Bool[Tensor, "nodes nodes"]:
    """True where the key's node is the query's node or one of its ancestors."""
    mask = torch.eye(len(parents), dtype=torch.bool)
    for node, parent in enumerate(parents.tolist()):
        if not -1 <= parent < node:
            raise ValueError(f"node {node} cannot have the parent {parent}")
        if parent >= 0:
            mask[node] |= mask[parent]  # a node sees itself and all its parent sees
    return mask
