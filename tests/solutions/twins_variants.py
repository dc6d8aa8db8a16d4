"""Sparse, quantised, re-scored and channel attention beside the textbook, on the same tensors."""

import importlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def randn(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def textbook(name: str) -> Callable[..., Any]:
    return getattr(importlib.import_module(f"attention.{name}"), name)  # type: ignore[no-any-return]


def tensors() -> tuple[Tensor, Tensor, Tensor]:
    """Query, key and value."""
    return randn(2, 3, 4, 5), randn(2, 3, 7, 5), randn(2, 3, 7, 6)


def top_k(solution: Any) -> tuple[Any, Any]:
    query, key, value = (x.round() for x in tensors())  # many scores are equal
    args = (query, key, value, 3)
    return solution.top_k_attention(*args), textbook("top_k")(*args)[0]


def int8(solution: Any) -> tuple[Any, Any]:
    args = tensors()
    args[1][:, :, 2] = 0.0
    return solution.int8_attention(*args), textbook("int8")(*args)[0]


def soft_capped(solution: Any) -> tuple[Any, Any]:
    args = (*tensors(), 1.5)
    return solution.soft_capped_attention(*args), textbook("soft_capped")(*args)[0]


def qk_norm(solution: Any) -> tuple[Any, Any]:
    args = (*tensors(), randn(5), randn(5), 0.1)
    return solution.qk_norm_attention(*args), textbook("qk_norm")(*args)[0]


def differential(solution: Any) -> tuple[Any, Any]:
    (query, key, value), (query2, key2, _) = tensors(), tensors()
    args = (query, key, query2, key2, value, torch.tensor(0.7, dtype=torch.float64))
    return solution.differential_attention(*args), textbook("differential")(*args)[0]


def gated(solution: Any) -> tuple[Any, Any]:
    args = (*tensors(), randn(2, 3, 4, 6))
    return solution.gated_attention(*args), textbook("gated")(*args)[0]


def squeeze_excitation(solution: Any) -> tuple[Any, Any]:
    layer = solution.SqueezeExcitation(8, 3).double()
    with torch.no_grad():  # the textbook has no biases
        layer.squeeze_linear.bias.zero_()
        layer.excite_linear.bias.zero_()
    x = randn(2, 8, 4, 5)
    weights = (layer.squeeze_linear.weight, layer.excite_linear.weight)
    return layer(x), textbook("squeeze_excitation")(x, *weights)[0]


TWINS = {
    "top-k-attention": top_k,
    "int8-attention": int8,
    "soft-capped-attention": soft_capped,
    "qk-norm-attention": qk_norm,
    "differential-attention": differential,
    "gated-attention": gated,
    "squeeze-excitation": squeeze_excitation,
}
