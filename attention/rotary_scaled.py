"""Rotary positions beyond the trained length. Peng et al., YaRN, 2023.

A model trained on `trained` positions has never seen larger angles. To reach `factor` times more:
    interpolation  every theta / factor (Chen et al., 2023): all angles known, but neighbours crowd
    ntk            base * factor^(d / (d-2)): the fastest pair keeps its speed, the slowest is
                   divided by `factor`, those between in geometric steps (YaRN, section 3.1)
    yarn           by parts (3.2): with r = trained * theta / 2 pi turns within the trained length,
                   pairs of r > 32 stay, those of r < 1 are interpolated, a ramp between; and (3.4)
                   queries and keys are multiplied by 0.1 ln(factor) + 1 each to sharpen the softmax
Time O(L^2 d), memory O(L^2).
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from attention.rotary import frequencies, rotate
from attention.scaled_dot_product import scaled_dot_product
from attention.stages import stage

VARIANT = {
    "title": {
        "en": "Rotary scaling (PI, NTK-aware, YaRN)",
        "zh": "旋转位置编码的外推（PI、NTK-aware、YaRN）",
    },
    "family": "positions",
    "year": 2023,
    "paper": "Peng et al., YaRN: Efficient Context Window Extension of Large Language Models",
    "url": "https://arxiv.org/abs/2309.00071",
    "parameters": {
        "method": {"default": "yarn", "choices": ["none", "interpolation", "ntk", "yarn"]},
        "factor": {"default": 4.0, "min": 1.0, "max": 64.0, "step": 0.5},
        "trained": {"default": 16, "min": 2, "max": 8192, "step": 1},
        "base": {"default": 10000.0, "min": 2.0, "max": 1000000.0, "step": 1.0},
    },
}
SLOW, FAST = 1.0, 32.0  # alpha and beta of the ramp, in turns


def rotary_scaled(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    method: str = "yarn",
    factor: float = 4.0,
    trained: int = 16,
    base: float = 10000.0,
) -> tuple[Float[Tensor, "*batch length value_dim"], Float[Tensor, "*batch length length"]]:
    """Output and weights with positions 0, 1, ... and the chosen scaling."""
    theta = scaled_frequencies(query.shape[-1], method, factor, trained, base)
    angles = torch.arange(query.shape[-2])[:, None] * theta
    sharper = 0.1 * math.log(factor) + 1 if method == "yarn" else 1.0
    q, k = (sharper * rotate(x, angles) for x in (query, key))
    return scaled_dot_product(stage("query", q), stage("key", k), value)


def scaled_frequencies(
    dim: int, method: str, factor: float, trained: int, base: float = 10000.0
) -> Float[Tensor, "{dim}//2"]:
    """Radians per position of each pair, slowed so that factor * trained positions are reached."""
    if factor < 1:
        raise ValueError(f"factor must be at least 1, got {factor}")
    theta = frequencies(dim, base)
    if method == "none":
        return theta
    if method == "interpolation":
        return theta / factor
    if method == "ntk":
        if dim < 4:
            raise ValueError(f"ntk needs a dim of at least 4, got {dim}")
        return frequencies(dim, base * factor ** (dim / (dim - 2)))
    if method == "yarn":
        turns = trained * theta / (2 * math.pi)
        keep = ((turns - SLOW) / (FAST - SLOW)).clamp(0, 1)
        return keep * theta + (1 - keep) * theta / factor
    raise ValueError(f"method must be none, interpolation, ntk or yarn, got {method!r}")
