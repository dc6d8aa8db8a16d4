"""Sinusoidal positions. Vaswani et al., Attention Is All You Need, 2017.

Section 3.5:  PE(pos, 2i) = sin(pos / base^(2i/d)),  PE(pos, 2i+1) = cos(pos / base^(2i/d)),
added to the token embeddings. Attention alone cannot tell the order of its keys; this marks each
place with clock hands of geometrically growing period, 2 pi to 2 pi base. PE(pos + k) is a fixed
rotation of PE(pos), so PE(p) . PE(q) depends on p - q only and, on the whole,
falls with the distance.
Time O(L^2 d), memory O(L^2); the table itself costs O(L d).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from attention.scaled_dot_product import scaled_dot_product
from attention.stages import stage

VARIANT = {
    "title": {"en": "Sinusoidal positions", "zh": "正弦位置编码"},
    "family": "positions",
    "year": 2017,
    "paper": "Vaswani et al., Attention Is All You Need",
    "url": "https://arxiv.org/abs/1706.03762",
    "parameters": {"base": {"default": 10000.0, "min": 2.0, "max": 1000000.0, "step": 1.0}},
}


def sinusoidal(
    x: Float[Tensor, "*batch length dim"], base: float = 10000.0
) -> tuple[Float[Tensor, "*batch length dim"], Float[Tensor, "*batch length length"]]:
    """Self-attention of x plus its positions, with identity projections: output and weights."""
    table = sinusoidal_positions(x.shape[-2], x.shape[-1], base).to(x)
    placed = stage("positioned", x + stage("positions", table))
    return scaled_dot_product(placed, placed, placed)


def sinusoidal_positions(
    length: int, dim: int, base: float = 10000.0
) -> Float[Tensor, "{length} {dim}"]:
    """The table, float32: even columns are sines, odd ones cosines; an odd dim ends on a sine."""
    if base <= 0:
        raise ValueError(f"base must be positive, got {base}")
    exponents = torch.arange(0, dim, 2, dtype=torch.float64) / dim
    angles = torch.arange(length, dtype=torch.float64)[:, None] / base**exponents
    pairs = torch.stack([angles.sin(), angles.cos()], dim=-1)  # (length, ceil(dim / 2), 2)
    return pairs.flatten(1)[:, :dim].float()
