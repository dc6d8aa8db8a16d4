"""Attention over a shared prefix (cascade inference). Juravsky et al., Hydragen, 2024 (section 3).

Many requests begin with the same system prompt, whose keys and values are cached once. Attention is
cut at its end and joined by logsumexp (merge_partial.py): the queries of all requests meet the
prefix together, as one large matrix product instead of one thin product per request that reads the
prefix again, and each meets its own suffix alone. The result is exact.
Time O(batch (prefix + suffix) d) as before, but the prefix is read from memory once and not `batch`
times; memory O(prefix d + batch suffix d) for the cache. The parts are computed in tiles, so there
are no weights to return.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from attention.flash import flash_forward
from attention.merge_partial import merge
from attention.stages import stage

VARIANT = {
    "title": {"en": "Shared prefix (cascade inference)", "zh": "共享前缀（级联推理）"},
    "family": "cache",
    "year": 2024,
    "paper": "Juravsky et al., Hydragen: High-Throughput LLM Inference with Shared Prefixes",
    "url": "https://arxiv.org/abs/2402.05099",
    "sizes": {"batch": 3, "queries": 1, "keys": 4, "prefix": 8},
}


def prefix_sharing(
    query: Float[Tensor, "batch heads queries dim"],
    prefix_key: Float[Tensor, "heads prefix dim"],
    prefix_value: Float[Tensor, "heads prefix value_dim"],
    key: Float[Tensor, "batch heads keys dim"],
    value: Float[Tensor, "batch heads keys value_dim"],
) -> tuple[Float[Tensor, "batch heads queries value_dim"], None]:
    """Output, and None; the new queries are the last positions of each request's own keys."""
    batch, heads, queries, _ = query.shape
    together = query.transpose(0, 1).flatten(1, 2)  # (heads, batch * queries, dim)
    common, common_lse = flash_forward(together, prefix_key, prefix_value, 64)
    common = common.reshape(heads, batch, queries, -1).transpose(0, 1)
    common_lse = common_lse.reshape(heads, batch, queries).transpose(0, 1)
    own, own_lse = flash_forward(query, key, value, 64, causal=True)
    output, _ = merge(torch.stack([common, own]), torch.stack([common_lse, own_lse]))
    return stage("output", output), None
