"""Masks, caches and serving beside the textbook, on the same tensors."""

import importlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def randn(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def textbook(module: str, name: str) -> Callable[..., Any]:
    return getattr(importlib.import_module(f"attention.{module}"), name)  # type: ignore[no-any-return]


def document_mask(solution: Any) -> tuple[Any, Any]:
    ids = torch.tensor([4, 4, 1, 7, 7, 7, 0])
    return solution.document_mask(ids), textbook("document", "document_mask")(ids)


def attention_sink_mask(solution: Any) -> tuple[Any, Any]:
    args = (5, 9, 2, 3)
    twin = textbook("attention_sinks", "attention_sink_mask")
    return solution.attention_sink_mask(*args), twin(*args)


TWINS = {
    "document-mask": document_mask,
    "attention-sink-mask": attention_sink_mask,
}
