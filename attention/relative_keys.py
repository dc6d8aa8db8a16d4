"""Relative position representations. Shaw, Uszkoreit and Vaswani, 2018 (equations 3 and 4).

    e_ij = q_i . (k_j + a^K_ij) / sqrt(d),    z_i = sum_j softmax_j(e_ij) (v_j + a^V_ij)
a_ij is a learned vector for the distance j - i, clipped to +-distance (section 3.2), so far keys
look alike and longer texts than trained on have vectors too. The forerunner of T5's bias, ALiBi
and rotary: it was the first to put the distance, not the place, into the attention itself.
Time O(L^2 d), memory O(L^2 d) as written; equation 5 rearranges the scores to O(L^2).
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import masked_softmax
from attention.stages import stage

VARIANT = {
    "title": {"en": "Relative position representations (Shaw)", "zh": "相对位置表示（Shaw）"},
    "family": "positions",
    "year": 2018,
    "paper": "Shaw et al., Self-Attention with Relative Position Representations",
    "url": "https://arxiv.org/abs/1803.02155",
    "sizes": {"distances": 7},
}


def relative_keys(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    key_table: Float[Tensor, "distances dim"],
    value_table: Float[Tensor, "distances value_dim"],
    mask: Bool[Tensor, "*#batch #length #length"] | None = None,
) -> tuple[Float[Tensor, "*batch length value_dim"], Float[Tensor, "*batch length length"]]:
    """Output and weights; the middle row of a table belongs to distance 0, the next to +1."""
    if len(key_table) % 2 == 0:
        raise ValueError(f"the tables need an odd number of rows, got {len(key_table)}")
    furthest = len(key_table) // 2
    positions = torch.arange(query.shape[-2], device=query.device)
    relative = (positions - positions[:, None]).clamp(-furthest, furthest) + furthest
    by_content = query @ key.transpose(-2, -1)
    by_distance = torch.einsum("...id,ijd->...ij", query, key_table[relative])
    scores = stage("scores", by_content + by_distance)
    weights = masked_softmax(stage("scaled", scores / query.shape[-1] ** 0.5), mask)
    moved = torch.einsum("...ij,ijd->...id", weights, value_table[relative])
    return stage("output", weights @ value + moved), weights
