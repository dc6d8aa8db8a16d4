"""Soft-capped attention. Gemma Team, Gemma 2, 2024 (section 2).

    score <- cap * tanh(score / cap)
after scaling and before mask and softmax (Gemma 2: cap 50 in attention, 30 for the final logits).
Small scores pass almost unchanged (the error is about score^3 / (3 cap^2)), large ones saturate
smoothly at +-cap, so a single logit cannot run away in training. Fused kernels must know about it:
Gemma 3 replaced it by QK-norm.
Time O(Lq Lk d), memory O(Lq Lk).
"""

from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import masked_softmax
from attention.stages import stage

VARIANT = {
    "title": {"en": "Soft-capped attention (Gemma 2)", "zh": "软截断注意力（Gemma 2）"},
    "family": "scores",
    "year": 2024,
    "paper": "Gemma Team, Gemma 2: Improving Open Language Models at a Practical Size",
    "url": "https://arxiv.org/abs/2408.00118",
    "parameters": {"cap": {"default": 2.0, "min": 0.1, "max": 100.0, "step": 0.1}},
}


def soft_capped(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    cap: float = 2.0,
    mask: Bool[Tensor, "*#batch #queries #keys"] | None = None,
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"]]:
    """Output and weights; the default cap is small, to be seen."""
    if cap <= 0:
        raise ValueError(f"cap must be positive, got {cap}")
    scores = stage("scores", query @ key.transpose(-2, -1))
    scaled = stage("scaled", scores / query.shape[-1] ** 0.5)
    weights = masked_softmax(stage("capped", cap * (scaled / cap).tanh()), mask)
    return stage("output", weights @ value), weights
