"""Grouped-query attention. Ainslie et al., GQA, 2023.

Section 2.2: `heads` query heads share `kv_heads` key-value heads, in groups of neighbours: query
head h reads key-value head h // (heads / kv_heads). The KV cache, and the bytes read for each
decoded token, shrink by heads / kv_heads; the FLOPs of attention stay the same. kv_heads = heads
is multi-head, kv_heads = 1 multi-query attention. Kernels index the shared head: the copies that
`repeat_interleave` makes here are for reading, and making them in the cache would undo the point.
Time O(heads Lq Lk dim), memory O(heads Lq Lk) and a cache of 2 kv_heads Lk dim numbers.
"""

from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import scaled_dot_product
from attention.stages import stage

VARIANT = {
    "title": {"en": "Grouped-query attention (GQA)", "zh": "分组查询注意力（GQA）"},
    "family": "heads",
    "year": 2023,
    "paper": "Ainslie et al., GQA: Training Generalized Multi-Query Transformer Models from "
    "Multi-Head Checkpoints",
    "url": "https://arxiv.org/abs/2305.13245",
}


def grouped_query(
    query: Float[Tensor, "batch heads queries dim"],
    key: Float[Tensor, "batch kv_heads keys dim"],
    value: Float[Tensor, "batch kv_heads keys value_dim"],
    mask: Bool[Tensor, "#batch #heads #queries #keys"] | None = None,
) -> tuple[
    Float[Tensor, "batch heads queries value_dim"], Float[Tensor, "batch heads queries keys"]
]:
    """Output and weights of every query head; heads must be a multiple of kv_heads."""
    heads, kv_heads = query.shape[1], key.shape[1]
    if heads % kv_heads:
        raise ValueError(f"{heads} query heads cannot share {kv_heads} key-value heads evenly")
    group = heads // kv_heads
    k = stage("key", key.repeat_interleave(group, dim=1))  # 0 0 1 1, not 0 1 0 1 (that is repeat)
    v = stage("value", value.repeat_interleave(group, dim=1))
    return scaled_dot_product(query, k, v, mask)
