"""Multi-head latent attention as it decodes: absorbed. DeepSeek-AI, DeepSeek-V2, 2024.

Section 2.1.2. The function of multi_head_latent.py, but keys and values are never made:
q . (W_up c) = (W_up^T q) . c, so each head's query moves into the latent space, and all heads read
the one cached latent c, as in multi-query attention; sum_t w_t (W_up c_t) = W_up sum_t w_t c_t, so
the values' up-projection comes after the sum. Only latent + rope numbers per token are read, for
more arithmetic per token: decoding waits for memory, so that is a good exchange, and training,
which does not, makes keys and values instead.
Time O(heads L^2 (latent + rope)), memory O(heads L^2) for the weights.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from attention.causal import causal_mask
from attention.multi_head_latent import cached, queries
from attention.scaled_dot_product import masked_softmax
from attention.stages import stage

VARIANT = {
    "title": {
        "en": "Latent attention, absorbed (MLA decoding)",
        "zh": "潜在注意力的吸收形式（MLA 解码）",
    },
    "family": "cache",
    "year": 2024,
    "paper": "DeepSeek-AI, DeepSeek-V2: A Strong, Economical, and Efficient Mixture-of-Experts "
    "Language Model",
    "url": "https://arxiv.org/abs/2405.04434",
    "sizes": {"rope": 4},
}


def multi_head_latent_absorbed(
    x: Float[Tensor, "batch length model"],
    kv_down_weight: Float[Tensor, "latent model"],
    key_rope_weight: Float[Tensor, "rope model"],
    key_up_weight: Float[Tensor, "heads dim latent"],
    value_up_weight: Float[Tensor, "heads value_dim latent"],
    query_weight: Float[Tensor, "heads dim+rope model"],
    output_weight: Float[Tensor, "model heads*value_dim"],
) -> tuple[Float[Tensor, "batch length model"], Float[Tensor, "batch heads length length"]]:
    """Output and weights, causal; the arguments are those of `multi_head_latent`."""
    latent, key_rope = (part[:, None] for part in cached(x, kv_down_weight, key_rope_weight))
    query_content, query_rope = queries(x, query_weight, key_up_weight.shape[1])
    moved = stage("query", torch.einsum("bhtd,hdc->bhtc", query_content, key_up_weight))
    scores = moved @ latent.transpose(-2, -1) + query_rope @ key_rope.transpose(-2, -1)
    scaled = stage("scaled", stage("scores", scores) / query_weight.shape[1] ** 0.5)
    weights = masked_softmax(scaled, causal_mask(x.shape[1], x.shape[1], x.device))
    context = stage("context", weights @ latent)  # (batch, heads, length, latent)
    heads = torch.einsum("bhtc,hdc->bthd", context, value_up_weight)
    return stage("output", heads.flatten(2) @ output_weight.T), weights
