"""DeepSeek sparse attention with its lightning indexer. DeepSeek-AI, DeepSeek-V3.2, 2025.

Equation 1: a small indexer scores every earlier token for every query,
    I_ts = sum_j w_tj relu(q'_tj . k'_s),
with few heads j, one narrow key per token and low precision; the attention proper then reads only
the k best tokens of each query. The indexer is still quadratic, but far cheaper than what it saves.
It learns to predict the attention's own distribution by a loss of its own (a KL divergence), so the
choice needs no gradient. No gradient reaches index_query, index_key, index_gate.
Time O(L^2 index_heads index_dim + L k d) with a kernel that gathers, memory O(L^2) as masked here.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from attention.causal import causal_mask
from attention.scaled_dot_product import scaled_dot_product
from attention.stages import stage
from attention.top_k import top_k_mask

VARIANT = {
    "title": {
        "en": "Lightning indexer (DeepSeek sparse attention)",
        "zh": "闪电索引器（DeepSeek 稀疏注意力）",
    },
    "family": "sparse",
    "year": 2025,
    "paper": "DeepSeek-AI, DeepSeek-V3.2: Pushing the Frontier of Open Large Language Models",
    "url": "https://arxiv.org/abs/2512.02556",
    "parameters": {"k": {"default": 3, "min": 1, "max": 64, "step": 1}},
    "sizes": {"index_heads": 2, "index_dim": 8},
}


def lightning_indexer(
    query: Float[Tensor, "batch heads length dim"],
    key: Float[Tensor, "batch heads length dim"],
    value: Float[Tensor, "batch heads length value_dim"],
    index_query: Float[Tensor, "batch index_heads length index_dim"],
    index_key: Float[Tensor, "batch length index_dim"],
    index_gate: Float[Tensor, "batch length index_heads"],
    k: int = 3,
) -> tuple[
    Float[Tensor, "batch heads length value_dim"], Float[Tensor, "batch heads length length"]
]:
    """Output and weights, causal; all heads read the same k tokens of a query."""
    causal = causal_mask(query.shape[-2], query.shape[-2], query.device)
    with torch.no_grad():
        index = stage("index", index_scores(index_query, index_key, index_gate))
        chosen = top_k_mask(index.masked_fill(~causal, -torch.inf), k) & causal
    return scaled_dot_product(query, key, value, chosen[:, None])


def index_scores(
    index_query: Float[Tensor, "batch index_heads length index_dim"],
    index_key: Float[Tensor, "batch length index_dim"],
    index_gate: Float[Tensor, "batch length index_heads"],
) -> Float[Tensor, "batch length length"]:
    """I_ts for all pairs, those in the future included."""
    products = (index_query @ index_key[:, None].transpose(-2, -1)).relu()
    return torch.einsum("bjts,btj->bts", products, index_gate)
