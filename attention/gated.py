"""Gated attention. Qiu et al., Gated Attention for Large Language Models, 2025.

    output * sigmoid(gate),   gate = x W_gate, from the query's own token
right after the attention of each head, before the output projection. The softmax forces a head to
say something at every position, which makes it park its weight on the first token; the gate lets it
say nothing. The paper finds fewer attention sinks and stabler training, and that the non-linearity
between value and output projection matters, since without it the two collapse into one matrix.
Time O(Lq Lk d), memory O(Lq Lk).
"""

from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import masked_softmax
from attention.stages import stage

VARIANT = {
    "title": {"en": "Gated attention", "zh": "门控注意力"},
    "family": "scores",
    "year": 2025,
    "paper": "Qiu et al., Gated Attention for Large Language Models: Non-linearity, Sparsity, and "
    "Attention-Sink-Free",
    "url": "https://arxiv.org/abs/2505.06708",
}


def gated(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    gate: Float[Tensor, "*batch queries value_dim"],
    mask: Bool[Tensor, "*#batch #queries #keys"] | None = None,
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"]]:
    """Output and weights; `gate` holds logits, one per output feature."""
    scores = stage("scores", query @ key.transpose(-2, -1))
    weights = masked_softmax(stage("scaled", scores / query.shape[-1] ** 0.5), mask)
    mixed = stage("mixed", weights @ value)
    return stage("output", mixed * stage("gate", gate.sigmoid())), weights
