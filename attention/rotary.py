"""Rotary position embedding (RoPE). Su et al., RoFormer, 2021 (section 3.2).

Query and key are turned by an angle proportional to their position, pair of features by pair:
(R_m q) . (R_n k) = q . R_(n-m) k, so the score depends on the distance only, nothing is learned,
and values stay as they are. Pair i turns by theta_i = base^(-2i/d) per position: the first pairs
count single tokens, the last ones barely turn. Pairs are (i, i + d/2), as in GPT-NeoX and Llama;
the paper pairs neighbours, which is the same up to a permutation of the weights' rows.
Partial rotary turns only the first `fraction` of the features; the rest match by content alone.
Time O(L d) beside the attention's O(L^2 d), memory O(L^2) for the weights.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from attention.scaled_dot_product import scaled_dot_product
from attention.stages import stage

VARIANT = {
    "title": {"en": "Rotary positions (RoPE)", "zh": "旋转位置编码（RoPE）"},
    "family": "positions",
    "year": 2021,
    "paper": "Su et al., RoFormer: Enhanced Transformer with Rotary Position Embedding",
    "url": "https://arxiv.org/abs/2104.09864",
    "parameters": {
        "base": {"default": 10000.0, "min": 2.0, "max": 1000000.0, "step": 1.0},
        "fraction": {"default": 1.0, "min": 0.0, "max": 1.0, "step": 0.25},
    },
}


def rotary(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    base: float = 10000.0,
    fraction: float = 1.0,
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"]]:
    """Output and weights; keys stand at 0, 1, ..., and the queries at the last of these places."""
    queries, keys, dim = query.shape[-2], key.shape[-2], query.shape[-1]
    if not 0 <= fraction <= 1:
        raise ValueError(f"fraction must lie in 0..1, got {fraction}")
    turned = int(dim * fraction) // 2 * 2  # a whole number of pairs
    q, k = (
        torch.cat([apply_rotary(x[..., :turned], where, base), x[..., turned:]], dim=-1)
        for x, where in ((query, torch.arange(keys - queries, keys)), (key, torch.arange(keys)))
    )
    return scaled_dot_product(stage("query", q), stage("key", k), value)


def apply_rotary(
    x: Float[Tensor, "*batch length dim"], positions: Int[Tensor, " length"], base: float = 10000.0
) -> Float[Tensor, "*batch length dim"]:
    """Turn each vector by its position; the norm of every pair, and so of x, stays the same."""
    return rotate(x, positions.cpu()[:, None] * frequencies(x.shape[-1], base))


def frequencies(dim: int, base: float = 10000.0) -> Float[Tensor, "{dim}//2"]:
    """theta_i = base^(-2i/dim), in radians per position, float64: at position 100000 a float32
    angle is off by up to 0.004 radians, a bfloat16 angle is noise."""
    if dim % 2:
        raise ValueError(f"rotary needs an even dim, got {dim}")
    return base ** -(torch.arange(0, dim, 2, dtype=torch.float64) / dim)


def rotate(
    x: Float[Tensor, "*batch length dim"], angles: Float[Tensor, "length dim//2"]
) -> Float[Tensor, "*batch length dim"]:
    """Turn the pair (x_i, x_(i + dim/2)) by angles[..., i]."""
    first, second = x.chunk(2, dim=-1)
    cos, sin = angles.cos().to(x), angles.sin().to(x)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)
