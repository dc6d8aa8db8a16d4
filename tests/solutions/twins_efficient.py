"""Efficient attention, positions and the additive score beside the textbook."""

import importlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def randn(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def textbook(module: str, name: str) -> Callable[..., Any]:
    return getattr(importlib.import_module(f"attention.{module}"), name)  # type: ignore[no-any-return]


def linear(solution: Any) -> tuple[Any, Any]:
    got, wanted, twin = [], [], textbook("linear", "linear")
    for lengths, is_causal in (((4, 7), False), ((6, 6), True), ((3, 7), True), ((7, 3), True)):
        args = (randn(2, lengths[0], 5), randn(2, lengths[1], 5), randn(2, lengths[1], 3))
        got.append(solution.linear_attention(*args, is_causal))
        wanted.append(twin(*args, is_causal)[0])
    return got, wanted


def alibi(solution: Any) -> tuple[Any, Any]:
    sizes = ((8, 4, 4), (6, 2, 5), (3, 4, 2))
    twin = textbook("alibi", "alibi_bias")
    return [solution.alibi_bias(*s) for s in sizes], [twin(*s) for s in sizes]


def sinusoidal(solution: Any) -> tuple[Any, Any]:
    """Distances between the tables: the solution's angles are float32, the textbook's float64."""
    sizes = ((5, 8, 10000.0), (7, 3, 100.0))
    twin = textbook("sinusoidal", "sinusoidal_positions")
    apart = [(solution.sinusoidal_positions(*s) - twin(*s)).abs().max() for s in sizes]
    return [error < 1e-6 for error in apart], [torch.tensor(True) for _ in sizes]


def bucket(solution: Any) -> tuple[Any, Any]:
    """Odd distances: no edge of a logarithmic bucket is one."""
    positions = torch.arange(-201, 202, 2)
    options = ((32, 128, True), (32, 128, False), (20, 300, True))
    twin = textbook("t5_bias", "relative_position_bucket")
    got = [solution.relative_position_bucket(positions, *chosen) for chosen in options]
    return got, [twin(positions, *chosen) for chosen in options]


def additive(solution: Any) -> tuple[Any, Any]:
    layer = solution.AdditiveAttention(3, 5, 4).double()
    query, keys, mask = randn(2, 3), randn(2, 6, 5), torch.rand(2, 6) < 0.6
    mask[1] = False
    weights = [layer.get_parameter(f"{name}_linear.weight") for name in ("query", "key", "score")]
    context, chosen = textbook("additive", "additive")(
        query[:, None], keys, keys, *weights[:2], weights[2][0], mask[:, None]
    )
    return layer(query, keys, mask), (context[:, 0], chosen[:, 0])


def linformer(solution: Any) -> tuple[Any, Any]:
    """Biases zeroed: the textbook's layers have none."""
    layer, x = solution.LinformerAttention(12, 3, 7, 4).double(), randn(2, 7, 12)
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            if name.endswith("bias"):
                parameter.zero_()
    names = [f"{name}_linear.weight" for name in ("query", "key", "value", "output")]
    weights = [layer.get_parameter(n) for n in (*names, "key_projection", "value_projection")]
    return layer(x), textbook("linformer", "linformer")(x, *weights, 3)[0]


def performer(solution: Any) -> tuple[Any, Any]:
    args = (randn(2, 3, 4, 5), randn(2, 3, 6, 5), randn(2, 3, 6, 7), randn(8, 5))
    return solution.performer_attention(*args), textbook("performer", "performer")(*args)[0]


def nystrom(solution: Any) -> tuple[Any, Any]:
    args = (2 * randn(2, 3, 6, 5), 2 * randn(2, 3, 6, 5), randn(2, 3, 6, 7), 3)
    return solution.nystrom_attention(*args), textbook("nystrom", "nystrom")(*args)[0]


TWINS = {
    "linear-attention": linear,
    "alibi": alibi,
    "sinusoidal-positions": sinusoidal,
    "relative-position-bias": bucket,
    "additive-attention": additive,
    "linformer": linformer,
    "performer": performer,
    "nystrom-attention": nystrom,
}
