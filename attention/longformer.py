"""Longformer: dilated local windows and global tokens. Beltagy et al., 2020 (section 3.1).

Bidirectional. Each position sees window // 2 places on either side, `dilation` apart (gaps let a
head reach farther for the same cost); a few chosen tokens, a [CLS] or the words of a question, see
everything and are seen by everything, so two layers connect any two places. The paper gives the
global tokens projections of their own and dilates only some heads of the upper layers.
Time O(L^2 d) and memory O(L^2) as masked here; a banded kernel needs O(L (window + global)).
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import scaled_dot_product

VARIANT = {
    "title": {"en": "Longformer (dilated + global)", "zh": "Longformer（膨胀窗口与全局注意力）"},
    "family": "sparse",
    "year": 2020,
    "paper": "Beltagy et al., Longformer: The Long-Document Transformer",
    "url": "https://arxiv.org/abs/2004.05150",
    "parameters": {
        "window": {"default": 2, "min": 0, "max": 64, "step": 2},
        "dilation": {"default": 1, "min": 1, "max": 8, "step": 1},
        "global_tokens": {"default": 1, "min": 0, "max": 16, "step": 1},
    },
}


def longformer(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    window: int = 2,
    dilation: int = 1,
    global_tokens: int = 1,
) -> tuple[Float[Tensor, "*batch length value_dim"], Float[Tensor, "*batch length length"]]:
    """Output and weights; the first `global_tokens` positions are the global ones."""
    mask = longformer_mask(query.shape[-2], window, dilation, global_tokens)
    return scaled_dot_product(query, key, value, mask.to(query.device))


def longformer_mask(
    length: int, window: int, dilation: int = 1, global_tokens: int = 0
) -> Bool[Tensor, "{length} {length}"]:
    """True within the dilated window, and in the rows and columns of the global tokens."""
    if window < 0 or dilation < 1 or global_tokens < 0:
        raise ValueError(
            f"window {window}, dilation {dilation} and global_tokens {global_tokens} must be at "
            "least 0, 1 and 0"
        )
    positions = torch.arange(length)
    distance = (positions[:, None] - positions).abs()
    local = (distance <= window // 2 * dilation) & (distance % dilation == 0)
    everywhere = positions < global_tokens
    return local | everywhere[:, None] | everywhere[None, :]
