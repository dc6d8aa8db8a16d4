"""Slot attention. Locatello et al., Object-Centric Learning, 2020 (section 2.1).

A few slots compete for the inputs: the softmax runs over the slots (the queries), so each input is
shared out among them, and then each slot takes the weighted mean of what it got, its row made to
sum to one. Repeated `steps` times, slots settle on objects. Swapping slots swaps the results; the
order of inputs does not matter. The paper updates slots by a GRU and a small network and draws the
first ones at random; here a slot becomes its mean.
Time O(steps slots L d), memory O(slots L).
"""

from jaxtyping import Float
from torch import Tensor

from attention.stages import stage

VARIANT = {
    "title": {"en": "Slot attention", "zh": "槽注意力（Slot Attention）"},
    "family": "vision",
    "year": 2020,
    "paper": "Locatello et al., Object-Centric Learning with Slot Attention",
    "url": "https://arxiv.org/abs/2006.15055",
    "parameters": {"steps": {"default": 3, "min": 1, "max": 10, "step": 1}},
    "sizes": {"slots": 3},
}
EPS = 1e-8


def slot_attention(
    slots: Float[Tensor, "*batch slots dim"],
    x: Float[Tensor, "*batch keys model"],
    query_weight: Float[Tensor, "dim dim"],
    key_weight: Float[Tensor, "dim model"],
    value_weight: Float[Tensor, "dim model"],
    steps: int = 3,
) -> tuple[Float[Tensor, "*batch slots dim"], Float[Tensor, "*batch slots keys"]]:
    """The slots after the last step, and the shares by which they took their means."""
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    k, v = stage("key", x @ key_weight.T), stage("value", x @ value_weight.T)
    for _ in range(steps):
        scores = slots @ query_weight.T @ k.transpose(-2, -1) / k.shape[-1] ** 0.5
        shares = stage("shares", scores.softmax(dim=-2))  # over the slots: columns sum to one
        weights = shares / (shares.sum(dim=-1, keepdim=True) + EPS)
        slots = stage("slots", weights @ v)
    return stage("output", slots), stage("weights", weights)
