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


def rolling(solution: Any) -> tuple[Any, Any]:
    """The textbook writes token by token into a ring, whose slots are put in order here."""
    key, value = randn(2, 3, 9, 4), randn(2, 3, 9, 4)
    mine, twin = solution.RollingCache(4), textbook("rolling_cache", "RollingCache")(4)
    for start, end in ((0, 3), (3, 8), (8, 9)):
        got = mine.update(key[:, :, start:end], value[:, :, start:end])
    for at in range(9):
        twin.write(key[:, :, at : at + 1], value[:, :, at : at + 1])
    order = sorted(range(4), key=twin.positions().__getitem__)
    wanted = (torch.cat([twin.slots[slot][part] for slot in order], dim=2) for part in (0, 1))
    return got, tuple(wanted)


def paged(solution: Any) -> tuple[Any, Any]:
    pages = (randn(9, 3, 2, 4), randn(9, 3, 2, 4))
    table = torch.randperm(9).view(3, 3)
    args = (randn(3, 6, 4), *pages, table, torch.tensor([7, 0, 3]))
    return solution.paged_attention(*args), textbook("paged", "paged")(*args)[0]


def latent(solution: Any) -> tuple[Any, Any]:
    """The textbook takes the up-projections and the query's weight head by head."""
    heads, dim, rope = 3, 4, 6
    layer = solution.MultiHeadLatentAttention(10, heads, dim, 5, rope).double()
    weight = {name.split("_linear")[0]: part for name, part in layer.named_parameters()}
    x = randn(2, 7, 10)
    twin = textbook("multi_head_latent", "multi_head_latent")
    wanted = twin(
        x,
        weight["kv_down"],
        weight["key_rope"],
        *(weight[name].view(heads, dim, -1) for name in ("key_up", "value_up")),
        weight["query"].view(heads, dim + rope, -1),
        weight["output"],
    )
    return layer(x), wanted[0]


def flash_backward(solution: Any) -> tuple[Any, Any]:
    """Against autograd through ordinary attention, which knows neither tiles nor logsumexp."""
    inputs = [x.requires_grad_() for x in (randn(2, 7, 4), randn(2, 9, 4), randn(2, 9, 3))]
    query, key, _ = inputs
    seen = torch.ones(7, 9, dtype=torch.bool).tril(2)
    output, _ = textbook("scaled_dot_product", "scaled_dot_product")(*inputs, seen)
    scores = (query @ key.transpose(-2, -1) / 2).masked_fill(~seen, -torch.inf)
    grad = randn(*output.shape)
    known = (output.detach(), scores.detach().logsumexp(-1), grad)
    plain = [x.detach() for x in inputs]
    got = solution.flash_attention_backward(*plain, *known, 4, True)
    return got, torch.autograd.grad(output, inputs, grad)


def windows(solution: Any) -> tuple[Any, Any]:
    args = (randn(2, 3, 54, 4), randn(2, 3, 54, 4), randn(2, 3, 54, 5), 6, 9, 3, 2)
    return solution.window_attention(*args), textbook("shifted_window", "by_windows")(*args)


def rollout(solution: Any) -> tuple[Any, Any]:
    weights = torch.rand(3, 2, 4, 5, 5, dtype=torch.float64)
    return solution.attention_rollout(weights), textbook("rollout", "rollout")(weights)[0]


TWINS = {
    "document-mask": document_mask,
    "attention-sink-mask": attention_sink_mask,
    "rolling-kv-cache": rolling,
    "paged-attention": paged,
    "multi-head-latent-attention": latent,
    "flash-attention-backward": flash_backward,
    "window-attention": windows,
    "attention-rollout": rollout,
}
