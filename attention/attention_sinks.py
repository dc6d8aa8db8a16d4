"""Attention sinks. Xiao et al., Efficient Streaming Language Models with Attention Sinks, 2023.

Section 3: softmax weights must sum to one, so a head with nothing to look at puts its weight on the
first tokens, which everybody sees. A sliding window that drops them breaks the model; keeping the
first `num_sinks` keys (4 in the paper) beside the window mends it without training, for texts of
any length. While streaming, positions are counted within the cache, not within the text.
Time O(L^2 d) and memory O(L^2) as masked here; decoding costs O((num_sinks + window) d) a token.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attention.causal import causal_mask
from attention.scaled_dot_product import scaled_dot_product
from attention.sliding_window import window_mask

VARIANT = {
    "title": {
        "en": "Attention sinks + window (StreamingLLM)",
        "zh": "注意力汇聚点与窗口（StreamingLLM）",
    },
    "family": "sparse",
    "year": 2023,
    "paper": "Xiao et al., Efficient Streaming Language Models with Attention Sinks",
    "url": "https://arxiv.org/abs/2309.17453",
    "parameters": {
        "num_sinks": {"default": 1, "min": 0, "max": 16, "step": 1},
        "window": {"default": 3, "min": 1, "max": 64, "step": 1},
    },
}


def attention_sinks(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    num_sinks: int = 1,
    window: int = 3,
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"]]:
    """Output and weights over the first `num_sinks` keys and the last `window`."""
    mask = attention_sink_mask(query.shape[-2], key.shape[-2], num_sinks, window)
    return scaled_dot_product(query, key, value, mask.to(query.device))


def attention_sink_mask(
    query_length: int, key_length: int, num_sinks: int, window: int
) -> Bool[Tensor, "{query_length} {key_length}"]:
    """Causal; the window counts the query itself and may overlap the sinks."""
    if num_sinks < 0:
        raise ValueError(f"num_sinks must not be negative, got {num_sinks}")
    first = torch.arange(key_length) < num_sinks
    near = window_mask(query_length, key_length, window)
    return near | (first & causal_mask(query_length, key_length))
