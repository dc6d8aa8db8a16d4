"""Multi-head latent attention (MLA). DeepSeek-AI, DeepSeek-V2, 2024 (section 2.1).

Keys and values of all heads are made from one small latent c = W_down x (equations 9 to 11), and c
is all that is cached. Rotary cannot pass through the up-projection, so position has its own small
part (14 to 19): one rotary key of width `rope`, shared by all heads, cached beside c; per head the
score is (q_content . k_content + q_rope . k_rope) / sqrt(dim + rope).
When decoding, keys and values are not even made: see multi_head_latent_absorbed.py.
The low-rank queries of the paper (12, 13), which save no cache, and its norms are left out.
Time O(heads L^2 (dim + rope)), memory O(heads L^2), and a cache of latent + rope numbers per token
and layer.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from attention.causal import causal_mask
from attention.rotary import apply_rotary
from attention.scaled_dot_product import scaled_dot_product
from attention.stages import stage

VARIANT = {
    "title": {"en": "Multi-head latent attention (MLA)", "zh": "多头潜在注意力（MLA）"},
    "family": "cache",
    "year": 2024,
    "paper": "DeepSeek-AI, DeepSeek-V2: A Strong, Economical, and Efficient Mixture-of-Experts "
    "Language Model",
    "url": "https://arxiv.org/abs/2405.04434",
    "sizes": {"rope": 4},
}


def multi_head_latent(
    x: Float[Tensor, "batch length model"],
    kv_down_weight: Float[Tensor, "latent model"],
    key_rope_weight: Float[Tensor, "rope model"],
    key_up_weight: Float[Tensor, "heads dim latent"],
    value_up_weight: Float[Tensor, "heads value_dim latent"],
    query_weight: Float[Tensor, "heads dim+rope model"],
    output_weight: Float[Tensor, "model heads*value_dim"],
) -> tuple[Float[Tensor, "batch length model"], Float[Tensor, "batch heads length length"]]:
    """Output and weights, causal, as when training; per-head weights are (heads, out, in)."""
    latent, key_rope = cached(x, kv_down_weight, key_rope_weight)
    k = torch.einsum("btc,hdc->bhtd", latent, key_up_weight)
    v = stage("value", torch.einsum("btc,hdc->bhtd", latent, value_up_weight))
    query_content, query_rope = queries(x, query_weight, k.shape[-1])
    shared = key_rope[:, None].expand(-1, k.shape[1], -1, -1)  # the same for every head
    q = stage("query", torch.cat([query_content, query_rope], dim=-1))
    k = stage("key", torch.cat([k, shared], dim=-1))
    mask = causal_mask(x.shape[1], x.shape[1], x.device)
    heads, weights = scaled_dot_product(q, k, v, mask)  # scaled by the width of both parts
    return stage("projected", heads.transpose(1, 2).flatten(2) @ output_weight.T), weights


def cached(x: Tensor, kv_down_weight: Tensor, key_rope_weight: Tensor) -> tuple[Tensor, Tensor]:
    """What is kept of each token: the latent, and the key's rotary part, already turned."""
    turned = apply_rotary(x @ key_rope_weight.T, torch.arange(x.shape[1]))
    return stage("latent", x @ kv_down_weight.T), stage("key_rope", turned)


def queries(x: Tensor, query_weight: Tensor, content: int) -> tuple[Tensor, Tensor]:
    """Each head's query: its content part, then its rotary part, turned."""
    q = torch.einsum("btm,hdm->bhtd", x, query_weight)
    return q[..., :content], apply_rotary(q[..., content:], torch.arange(x.shape[1]))


def numbers_per_token(layers: int, latent: int, rope: int) -> int:
    """Numbers that the cache keeps of one token, in all layers."""
    return layers * (latent + rope)
