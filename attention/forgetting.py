"""Forgetting attention. Lin et al., Forgetting Transformer (FoX), 2025.

Softmax attention with a forget gate: f_t = sigmoid(gate_t) per head and token, and the score of an
earlier key gets the sum of the logarithms of all gates since then,
    score_ij = q_i . k_j / sqrt(d) + sum_(j < t <= i) log f_t.
A closed gate hides all that came before it; the bias grows with the distance as in ALiBi, but by
the text instead of by a fixed slope, and no position embedding is needed. Only differences of one
cumulative sum are added, so flash kernels can do it.
Time O(L^2 d), memory O(heads L^2).
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from attention.causal import causal_mask
from attention.scaled_dot_product import masked_softmax
from attention.stages import stage

VARIANT = {
    "title": {"en": "Forgetting attention (FoX)", "zh": "遗忘注意力（FoX）"},
    "family": "scores",
    "year": 2025,
    "paper": "Lin et al., Forgetting Transformer: Softmax Attention with a Forget Gate",
    "url": "https://arxiv.org/abs/2503.02130",
}


def forgetting(
    query: Float[Tensor, "batch heads length dim"],
    key: Float[Tensor, "batch heads length dim"],
    value: Float[Tensor, "batch heads length value_dim"],
    gate: Float[Tensor, "batch heads length"],
) -> tuple[
    Float[Tensor, "batch heads length value_dim"], Float[Tensor, "batch heads length length"]
]:
    """Output and weights, causal; `gate` holds the logits of the forget gates."""
    scores = stage("scores", query @ key.transpose(-2, -1))
    scaled = stage("scaled", scores / query.shape[-1] ** 0.5)
    logs = F.logsigmoid(gate).cumsum(dim=-1)
    bias = stage("bias", logs[..., :, None] - logs[..., None, :])  # of the keys j <= i
    mask = causal_mask(query.shape[-2], query.shape[-2], query.device)
    weights = masked_softmax(stage("biased", scaled + bias), mask)
    return stage("output", weights @ value), weights
