"""Scalable softmax (SSMax). Nakanishi, Scalable-Softmax Is Superior for Attention, 2025.

    weights = softmax(s * log(n) * score),   n the number of keys that the query may see
The largest weight of a softmax fades as keys are added: with a gap g to all others it is
e^g / (e^g + n - 1), which goes to zero. Scaled by s log n it is n^(s g) / (n^(s g) + n - 1), which
goes to one as soon as s g > 1. s is learned per head. A factor of log n alone is also used when a
model reads longer texts than it was trained on.
Time O(Lq Lk d), memory O(Lq Lk).
"""

from jaxtyping import Float
from torch import Tensor

from attention.causal import causal_mask
from attention.scaled_dot_product import masked_softmax
from attention.stages import stage

VARIANT = {
    "title": {"en": "Scalable softmax", "zh": "可伸缩 softmax（SSMax）"},
    "family": "scores",
    "year": 2025,
    "paper": "Nakanishi, Scalable-Softmax Is Superior for Attention",
    "url": "https://arxiv.org/abs/2501.19399",
    "inputs": {"strength": "ones"},
}


def scalable_softmax(
    query: Float[Tensor, "batch heads queries dim"],
    key: Float[Tensor, "batch heads keys dim"],
    value: Float[Tensor, "batch heads keys value_dim"],
    strength: Float[Tensor, " heads"],
) -> tuple[
    Float[Tensor, "batch heads queries value_dim"], Float[Tensor, "batch heads queries keys"]
]:
    """Output and weights, causal; the queries are the last of the keys' positions."""
    mask = causal_mask(query.shape[-2], key.shape[-2], query.device)
    seen = mask.sum(dim=-1, keepdim=True).clamp(min=1).to(query.dtype)
    scores = stage("scores", query @ key.transpose(-2, -1))
    scaled = stage("scaled", scores / query.shape[-1] ** 0.5)
    sharpened = stage("sharpened", strength[:, None, None] * seen.log() * scaled)
    weights = masked_softmax(sharpened, mask)
    return stage("output", weights @ value), weights
