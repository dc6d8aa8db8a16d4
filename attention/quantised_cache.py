"""Attention over a quantised KV cache. Liu et al., KIVI, 2024 (section 3).

The cache is stored in `bits` bits, asymmetrically: x ~ low + step * n with n in 0..2^bits - 1. Keys
have a few channels of large values at all tokens, so each channel gets its own range (over the
tokens); values have none, so each token gets its own, and an error stays within its token. KIVI
keeps the newest tokens in full precision until a group of them can be packed.
Gives no gradient: rounding has none.
Error: each entry is off by at most step / 2 = (max - min) / (2 (2^bits - 1)).
Time O(Lq Lk d), memory O(Lk d bits / 8) bytes for the cache, and the ranges.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import scaled_dot_product
from attention.stages import stage

VARIANT = {
    "title": {"en": "Quantised KV cache (KIVI)", "zh": "量化键值缓存（KIVI）"},
    "family": "quantised",
    "year": 2024,
    "paper": "Liu et al., KIVI: A Tuning-Free Asymmetric 2bit Quantization for KV Cache",
    "url": "https://arxiv.org/abs/2402.02750",
    "parameters": {
        "bits": {"default": 4, "min": 1, "max": 8, "step": 1},
        "keys_by": {"default": "channel", "choices": ["channel", "token"]},
    },
}


@torch.no_grad()
def quantised_cache(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    bits: int = 4,
    keys_by: str = "channel",
    mask: Bool[Tensor, "*#batch #queries #keys"] | None = None,
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"]]:
    """Output and weights, from keys and values that went through `bits` bits and back."""
    if keys_by not in ("channel", "token"):
        raise ValueError(f"keys_by must be channel or token, got {keys_by!r}")
    k = stage("key", through_bits(key, bits, dim=-2 if keys_by == "channel" else -1))
    v = stage("value", through_bits(value, bits, dim=-1))
    return scaled_dot_product(query, k, v, mask)


def through_bits(
    x: Float[Tensor, "*batch keys dim"], bits: int, dim: int
) -> Float[Tensor, "*batch keys dim"]:
    """Quantise and restore; one range for all entries along `dim`."""
    if not 1 <= bits <= 8:
        raise ValueError(f"bits must lie in 1..8, got {bits}")
    low, high = x.amin(dim=dim, keepdim=True), x.amax(dim=dim, keepdim=True)
    step = (high - low) / (2**bits - 1)
    stored = ((x - low) / step.masked_fill(step == 0, 1.0)).round().to(torch.uint8)
    restored: Tensor = low + step * stored
    return restored
