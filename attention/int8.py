"""Attention with int8 scores. Zhang et al., SageAttention, 2024 (section 4).

Query and key are rounded to 8-bit integers with one scale per token, scale = max|x| / 127, so the
product runs on integer units: q.k ~ (q_int . k_int) s_q s_k. Softmax and the product with the value
stay in full precision. Keys often share a large offset, which eats up the 8 bits; taking the mean
key away (`smooth`) loses nothing: q . mean is the same for all keys, and the softmax ignores it.
Gives no gradient: rounding has none.
Error: each rounded entry is off by at most half its token's scale.
Time O(Lq Lk d), of integer products mostly; memory O(Lq Lk), and a quarter of float32 for q and k.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import masked_softmax
from attention.stages import stage

VARIANT = {
    "title": {"en": "Int8 attention (SageAttention)", "zh": "Int8 注意力（SageAttention）"},
    "family": "quantised",
    "year": 2024,
    "paper": "Zhang et al., SageAttention: Accurate 8-Bit Attention for Plug-and-Play Inference "
    "Acceleration",
    "url": "https://arxiv.org/abs/2410.02367",
    "parameters": {"smooth": {"default": False}},
}


@torch.no_grad()
def int8(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    smooth: bool = False,
    mask: Bool[Tensor, "*#batch #queries #keys"] | None = None,
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"]]:
    """Output and weights; `smooth` subtracts the mean key first."""
    if smooth:
        key = key - key.mean(dim=-2, keepdim=True)
    q, q_scale = quantise(query)
    k, k_scale = quantise(key)
    # Integers up to 127^2 dim are exact in float32 for dim <= 1040: the same sums as int32 units.
    exact = torch.promote_types(query.dtype, torch.float32)
    products = stage("integer scores", q.to(exact) @ k.to(exact).transpose(-2, -1))
    scores = stage("scores", (products * q_scale * k_scale.transpose(-2, -1)).to(query.dtype))
    weights = masked_softmax(stage("scaled", scores / query.shape[-1] ** 0.5), mask)
    return stage("output", weights @ value), weights


def quantise(x: Float[Tensor, "*batch length dim"]) -> tuple[Tensor, Tensor]:
    """Integers in -127..127 (half to even) and the scale of each token, (*batch, length, 1)."""
    scale = x.abs().amax(dim=-1, keepdim=True) / 127
    steps = x / scale.masked_fill(scale == 0, 1.0)  # a token of zeros stays zero
    return steps.round().clamp(-127, 127).to(torch.int8), scale
