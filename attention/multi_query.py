"""Multi-query attention. Shazeer, Fast Transformer Decoding, 2019.

Section 3: all heads keep their own queries but share one key and one value head. Decoding is bound
by reading the cache, not by arithmetic, and the cache is `heads` times smaller. Some quality and
stability is lost, which grouped-query attention buys back with a few more key-value heads.
Time O(heads Lq Lk dim), memory O(heads Lq Lk) and a cache of 2 Lk dim numbers.
"""

from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import masked_softmax
from attention.stages import stage

VARIANT = {
    "title": {"en": "Multi-query attention (MQA)", "zh": "多查询注意力（MQA）"},
    "family": "heads",
    "year": 2019,
    "paper": "Shazeer, Fast Transformer Decoding: One Write-Head is All You Need",
    "url": "https://arxiv.org/abs/1911.02150",
}


def multi_query(
    query: Float[Tensor, "batch heads queries dim"],
    key: Float[Tensor, "batch keys dim"],
    value: Float[Tensor, "batch keys value_dim"],
    mask: Bool[Tensor, "#batch #heads #queries #keys"] | None = None,
) -> tuple[
    Float[Tensor, "batch heads queries value_dim"], Float[Tensor, "batch heads queries keys"]
]:
    """Output and weights; the key and value have no head dimension."""
    k, v = key[:, None], value[:, None]  # (batch, 1, keys, ·) broadcasts over the heads
    scores = stage("scores", query @ k.transpose(-2, -1))
    weights = masked_softmax(stage("scaled", scores / query.shape[-1] ** 0.5), mask)
    return stage("output", weights @ v), weights
