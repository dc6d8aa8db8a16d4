"""Transformer-XL: memory of the last segment, relative positions. Dai et al., 2019 (section 3).

Segment-level recurrence: the keys are the memory of the previous segment followed by this one, so
they outnumber the queries. Positions must then be relative (section 3.3), with four terms:
    A_ij = q_i.k_j (content) + q_i.W_R r_(i-j) (content to distance)
           + u.k_j (key's own weight) + v.W_R r_(i-j) (distance's own weight)
r is the sinusoidal vector of the distance; u and v replace the query's absolute position.
Time O(Lq Lk d), memory O(Lq Lk d) as written; the paper's shift trick (appendix B) makes it Lq Lk.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from attention.causal import causal_mask
from attention.scaled_dot_product import masked_softmax
from attention.sinusoidal import sinusoidal_positions
from attention.stages import stage

VARIANT = {
    "title": {"en": "Transformer-XL relative attention", "zh": "Transformer-XL 相对位置注意力"},
    "family": "positions",
    "year": 2019,
    "paper": "Dai et al., Transformer-XL: Attentive Language Models beyond a Fixed-Length Context",
    "url": "https://arxiv.org/abs/1901.02860",
    "sizes": {"queries": 5, "keys": 9},
}


def transformer_xl(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    position_weight: Float[Tensor, "dim dim"],
    content_bias: Float[Tensor, " dim"],
    position_bias: Float[Tensor, " dim"],
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"]]:
    """Output and weights, causal; the first keys - queries keys are the memory.

    `content_bias` is u, `position_bias` is v, `position_weight` is W_R (out, in).
    """
    queries, keys, dim = query.shape[-2], key.shape[-2], query.shape[-1]
    mask = causal_mask(queries, keys, key.device)
    distance = torch.arange(queries)[:, None] + keys - queries - torch.arange(keys)
    table = sinusoidal_positions(keys, dim).to(key) @ position_weight.T  # row n: distance n
    places = table[distance.clamp(min=0).to(key.device)]  # (queries, keys, dim)
    content = (query + content_bias) @ key.transpose(-2, -1)
    position = torch.einsum("...id,ijd->...ij", query + position_bias, places)
    scores = stage("scores", content + position)
    weights = masked_softmax(stage("scaled", scores / dim**0.5), mask)
    return stage("output", weights @ value), weights
