"""Disentangled attention. He et al., DeBERTa, 2020 (section 3.1).

Content and position are kept in separate vectors, and a score is the sum of three comparisons:
    q_i . k_j (content to content) + q_i . p^K_d(i,j) (content to position)
    + k_j . p^Q_d(j,i) (position to content),   divided by sqrt(3 d),
where p^K and p^Q are projections of learned vectors of the clipped relative distance,
d(i, j) = clip(i - j + furthest, 0, 2 furthest - 1). The fourth term, position to position, says
little. sqrt(3 d) keeps the variance of three terms at one.
Time O(L^2 d), memory O(L^2 + L furthest).
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import masked_softmax
from attention.stages import stage

VARIANT = {
    "title": {"en": "Disentangled attention (DeBERTa)", "zh": "解耦注意力（DeBERTa）"},
    "family": "positions",
    "year": 2020,
    "paper": "He et al., DeBERTa: Decoding-enhanced BERT with Disentangled Attention",
    "url": "https://arxiv.org/abs/2006.03654",
    "sizes": {"distances": 6},
}


def disentangled(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    position_keys: Float[Tensor, "distances dim"],
    position_queries: Float[Tensor, "distances dim"],
    mask: Bool[Tensor, "*#batch #length #length"] | None = None,
) -> tuple[Float[Tensor, "*batch length value_dim"], Float[Tensor, "*batch length length"]]:
    """Output and weights; the tables hold an even number of distances, 2 * furthest."""
    if len(position_keys) % 2:
        raise ValueError(f"the tables need an even number of rows, got {len(position_keys)}")
    furthest = len(position_keys) // 2
    places = torch.arange(query.shape[-2], device=query.device)
    distance = (places[:, None] - places + furthest).clamp(0, 2 * furthest - 1)  # d(i, j)
    content = query @ key.transpose(-2, -1)
    to_position = query @ position_keys.T  # (*batch, length, distances)
    to_position = to_position.gather(-1, distance.expand_as(content))
    from_position = (key @ position_queries.T).gather(-1, distance.expand_as(content))
    scores = stage("scores", content + to_position + from_position.transpose(-2, -1))
    weights = masked_softmax(stage("scaled", scores / (3 * query.shape[-1]) ** 0.5), mask)
    return stage("output", weights @ value), weights
