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


TWINS = {
    "linear-attention": linear,
    "alibi": alibi,
    "sinusoidal-positions": sinusoidal,
}
