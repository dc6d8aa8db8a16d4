"""Causal self-attention with a KV cache. Shazeer, Fast Transformer Decoding, 2019 (section 2.4).

A token's key and value depend on that token's input only, and later tokens never change them: they
are computed once and kept. A past query is never needed again, so there is no query cache. Feeding
the prompt in one piece is the prefill (bound by arithmetic), the single tokens after it are the
decoding (bound by reading the cache). The mask is bottom-right: n new queries are the last n of
all positions so far. Any split into chunks gives the uncached result.
Time O(L d) per decoded token instead of O(L^2 d), memory O(L d) for the cache.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from attention.causal import causal_mask
from attention.multi_head import merge_heads, split_heads
from attention.scaled_dot_product import scaled_dot_product
from attention.stages import silent, stage

VARIANT = {
    "title": {"en": "KV cache", "zh": "键值缓存（KV cache）"},
    "family": "cache",
    "year": 2019,
    "paper": "Shazeer, Fast Transformer Decoding: One Write-Head is All You Need",
    "url": "https://arxiv.org/abs/1911.02150",
    "parameters": {
        "num_heads": {"default": 4, "min": 1, "max": 32, "step": 1},
        "prompt": {"default": 4, "min": 1, "max": 64, "step": 1},
    },
}
Cache = tuple[Tensor, Tensor]  # keys and values so far, each (batch, heads, positions, head_dim)


def kv_cache(
    x: Float[Tensor, "batch length model"],
    qkv_weight: Float[Tensor, "3*model model"],
    output_weight: Float[Tensor, "model model"],
    num_heads: int,
    prompt: int = 4,
) -> tuple[Float[Tensor, "batch length model"], Float[Tensor, "batch {num_heads} length length"]]:
    """Output and weights: `prompt` tokens are prefilled, the rest decoded one at a time."""
    if prompt < 1:
        raise ValueError(f"prompt must have at least one token, got {prompt}")
    cache, outputs, rows = None, [], []
    with silent():  # the stages of single steps are too many to look at
        for chunk in (x[:, :prompt], *torch.split(x[:, prompt:], 1, dim=1)):
            output, weights, cache = step(chunk, qkv_weight, output_weight, num_heads, cache)
            outputs.append(output)
            rows.append(F.pad(weights, (0, x.shape[1] - weights.shape[-1])))
    return stage("output", torch.cat(outputs, dim=1)), stage("weights", torch.cat(rows, dim=2))


def step(
    x: Float[Tensor, "batch new model"],
    qkv_weight: Float[Tensor, "3*model model"],
    output_weight: Float[Tensor, "model model"],
    num_heads: int,
    cache: Cache | None = None,
) -> tuple[Tensor, Tensor, Cache]:
    """One call of the layer on n new tokens: output, weights (n, positions), the longer cache."""
    q, k, v = (split_heads(part, num_heads) for part in (x @ qkv_weight.T).chunk(3, dim=-1))
    if cache is not None:
        k, v = torch.cat([cache[0], k], dim=2), torch.cat([cache[1], v], dim=2)
    heads, weights = scaled_dot_product(q, k, v, causal_mask(q.shape[2], k.shape[2], x.device))
    return merge_heads(heads) @ output_weight.T, weights, (k, v)


def bytes_per_token(layers: int, kv_heads: int, head_dim: int, bytes_per_number: int = 2) -> int:
    """Cache bytes of one token: a key and a value in every layer and key-value head."""
    return 2 * layers * kv_heads * head_dim * bytes_per_number
