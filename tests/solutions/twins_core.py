"""Foundations, layers and caches beside the textbook, on the same tensors."""

import importlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

HEADS = 3


def randn(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def textbook(module: str, name: str) -> Callable[..., Any]:
    return getattr(importlib.import_module(f"attention.{module}"), name)  # type: ignore[no-any-return]


def weights(layer: torch.nn.Module, *names: str) -> list[Tensor]:
    """Weights by name, all biases zeroed: the textbook's layers have none."""
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            if name.endswith("bias"):
                parameter.zero_()
    return [layer.get_parameter(f"{name}_linear.weight") for name in names]


def layer(solution: Any, name: str, *args: int) -> torch.nn.Module:
    made: torch.nn.Module = getattr(solution, name)(*args)
    return made.double()


def sdpa(solution: Any) -> tuple[Any, Any]:
    args = (randn(2, 4, 5), randn(2, 6, 5), randn(2, 6, 7), torch.rand(2, 4, 6) < 0.5)
    twin = textbook("scaled_dot_product", "scaled_dot_product")
    return solution.scaled_dot_product_attention(*args), twin(*args)


def multi_head(solution: Any) -> tuple[Any, Any]:
    made = layer(solution, "MultiHeadAttention", 12, HEADS)
    args = (randn(2, 4, 12), randn(2, 6, 12), randn(2, 6, 12))
    named = weights(made, "query", "key", "value", "output")
    return made(*args), textbook("multi_head", "multi_head")(*args, *named, HEADS)[0]


def causal(solution: Any) -> tuple[Any, Any]:
    made = layer(solution, "CausalSelfAttention", 12, HEADS)
    x = randn(2, 5, 12)
    named = weights(made, "qkv", "output")
    return made(x), textbook("causal", "causal")(x, *named, HEADS)[0]


def cross(solution: Any) -> tuple[Any, Any]:
    made = layer(solution, "CrossAttention", 12, 8, HEADS)
    args, mask = (randn(2, 4, 12), randn(2, 6, 8)), torch.rand(2, 6) < 0.6
    named = weights(made, "query", "key", "value", "output")
    return made(*args, mask), textbook("cross", "cross")(*args, *named, HEADS, mask)[0]


def grouped(solution: Any) -> tuple[Any, Any]:
    args = (randn(2, 6, 4, 5), randn(2, 2, 7, 5), randn(2, 2, 7, 3))
    twin = textbook("grouped_query", "grouped_query")
    return solution.grouped_query_attention(*args), twin(*args)[0]


def rotary(solution: Any) -> tuple[Any, Any]:
    x, positions = randn(2, 5, 8), torch.arange(3, 8)
    return solution.apply_rotary(x, positions), textbook("rotary", "apply_rotary")(
        x, positions, 10000.0
    )


def flash(solution: Any) -> tuple[Any, Any]:
    args = (randn(2, 5, 4), randn(2, 7, 4), randn(2, 7, 3), 3, True)
    return solution.flash_attention(*args), textbook("flash", "flash_forward")(*args)


def merge(solution: Any) -> tuple[Any, Any]:
    args = (randn(3, 2, 4, 5), randn(3, 2, 4))
    return solution.merge_partial_attention(*args), textbook("merge_partial", "merge")(*args)


def online(solution: Any) -> tuple[Any, Any]:
    blocks = [randn(2, 3), randn(2, 5)]
    twin = textbook("online_softmax", "running_softmax")
    return solution.online_softmax(iter(blocks)), twin(iter(blocks))


def backward(solution: Any) -> tuple[Any, Any]:
    inputs = [x.requires_grad_() for x in (randn(2, 4, 5), randn(2, 6, 5), randn(2, 6, 3))]
    output = textbook("scaled_dot_product", "scaled_dot_product")(*inputs)[0]
    grad = randn(*output.shape)
    plain = [x.detach() for x in inputs]
    return solution.attention_backward(*plain, grad), torch.autograd.grad(output, inputs, grad)


def causal_mask(solution: Any) -> tuple[Any, Any]:
    return solution.causal_mask(3, 5), textbook("causal", "causal_mask")(3, 5)


def padding_mask(solution: Any) -> tuple[Any, Any]:
    lengths = torch.tensor([0, 2, 5])
    return solution.padding_mask(lengths, 5), textbook("padding", "padding_mask")(lengths, 5)


def softmax(solution: Any) -> tuple[Any, Any]:
    x = randn(3, 4, 5)
    return solution.softmax(x, 1), torch.softmax(x, 1)


TWINS = {
    "scaled-dot-product-attention": sdpa,
    "multi-head-attention": multi_head,
    "fix-multi-head-attention": multi_head,
    "causal-self-attention": causal,
    "cross-attention": cross,
    "grouped-query-attention": grouped,
    "rotary-embedding": rotary,
    "flash-attention": flash,
    "merge-partial-attention": merge,
    "online-softmax": online,
    "attention-backward": backward,
    "causal-mask": causal_mask,
    "padding-mask": padding_mask,
    "stable-softmax": softmax,
}
