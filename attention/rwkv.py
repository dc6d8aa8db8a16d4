"""The WKV operator of RWKV-4. Peng et al., RWKV, 2023 (section 3.1.2).

Per channel, no queries and no products of vectors: a key is a number that says how much its value
counts, an older one counts exp(-decay) less per step, and the current one gets a bonus instead:
    wkv_t = (sum_(j < t) exp(-(t - 1 - j) decay + k_j) v_j + exp(bonus + k_t) v_t) / (the same sum
            without v),   output_t = sigmoid(r_t) * wkv_t.
It is attention whose scores depend on key and distance only, so it runs as a recurrence with two
numbers per channel (`recurrent`, with a running maximum, as in the online softmax).
Time O(L^2 d) as unrolled here, O(L d) recurrent; memory O(L^2 d), or O(d) for the state.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from attention.causal import causal_mask
from attention.scaled_dot_product import masked_softmax
from attention.stages import stage

VARIANT = {
    "title": {"en": "RWKV time mixing", "zh": "RWKV 时间混合"},
    "family": "linear",
    "year": 2023,
    "paper": "Peng et al., RWKV: Reinventing RNNs for the Transformer Era",
    "url": "https://arxiv.org/abs/2305.13048",
    "sizes": {"dim": 4},
    "inputs": {"decay": "unit"},
}


def rwkv(
    receptance: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length dim"],
    decay: Float[Tensor, " dim"],
    bonus: Float[Tensor, " dim"],
) -> tuple[Float[Tensor, "*batch length dim"], Float[Tensor, "*batch dim length length"]]:
    """Output and weights of every channel; `decay` is positive."""
    steps = torch.arange(key.shape[-2], device=key.device)
    age = (steps[:, None] - 1 - steps).to(key.dtype)
    bias = torch.where(age < 0, bonus[:, None, None], -decay[:, None, None] * age)
    scores = stage("scores", key.transpose(-2, -1)[..., None, :] + bias)
    weights = masked_softmax(scores, causal_mask(len(steps), len(steps), key.device))
    mixed = torch.einsum("...dij,...jd->...id", weights, value)
    return stage("output", receptance.sigmoid() * mixed), weights


def recurrent(
    receptance: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length dim"],
    decay: Float[Tensor, " dim"],
    bonus: Float[Tensor, " dim"],
) -> Float[Tensor, "*batch length dim"]:
    """The same output; numerator and denominator are kept divided by exp(largest)."""
    largest = torch.full_like(key[..., 0, :], -torch.inf)
    above, below = torch.zeros_like(largest), torch.zeros_like(largest)
    outputs = []
    for t in range(key.shape[-2]):
        k, v = key[..., t, :], value[..., t, :]
        top = torch.maximum(largest, bonus + k)
        old, new = (largest - top).exp(), (bonus + k - top).exp()
        outputs.append((old * above + new * v) / (old * below + new))
        top = torch.maximum(largest - decay, k)
        old, new = (largest - decay - top).exp(), (k - top).exp()
        above, below, largest = old * above + new * v, old * below + new, top
    return receptance.sigmoid() * torch.stack(outputs, dim=-2)
