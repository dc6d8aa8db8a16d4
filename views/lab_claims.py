"""Claims that interviewers ask to have explained, each computed here so that one can see it.

Every function draws its own small tensors and returns maps with the numbers that the text quotes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from attention.scaled_dot_product import masked_softmax
from views.lab_setup import CLAIM_WIDTHS

WIDTHS = tuple(map(int, CLAIM_WIDTHS))

_LENGTH = 12
_SAMPLE = 128  # queries and keys behind the measured numbers


@dataclass(frozen=True)
class Evidence:
    """Maps by the key of their title, and the numbers that the claim's text is filled in with."""

    maps: dict[str, Tensor]
    numbers: dict[str, Any] = field(default_factory=dict)
    table: tuple[dict[str, float], ...] = ()


def evidence(claim: str, seed: int, width: int, precision: str) -> Evidence:
    """What is computed for a claim. KeyError for an unknown one."""
    makers: dict[str, Callable[[], Evidence]] = {
        "scale": lambda: scale(seed, width),
        "fill": lambda: fill(seed, precision),
        "empty": lambda: empty(seed),
        "corner": lambda: corner(seed),
    }
    return makers[claim]()


def scale(seed: int, width: int) -> Evidence:
    """Why scores are divided by √d: their spread, and the softmax that saturates with it."""
    query, key = _normal(seed, 2, _LENGTH, width)
    scores = query @ key.T
    maps = {
        "claim_unscaled": scores.softmax(-1),
        "claim_scaled": (scores / math.sqrt(width)).softmax(-1),
    }
    table = tuple(_spread(seed, d) for d in WIDTHS)
    return Evidence(maps, table[WIDTHS.index(width)], table)


def _spread(seed: int, width: int) -> dict[str, float]:
    """Measured on a larger draw: spread of the scores, largest weights, slope of the softmax."""
    query, key = _normal(seed, 2, _SAMPLE, width)
    scores = query @ key.T
    raw, scaled = scores.softmax(-1), (scores / math.sqrt(width)).softmax(-1)
    return {
        "d": float(width),
        "root": math.sqrt(width),
        "spread": float(scores.std()),
        "raw_top": float(raw.max(-1).values.mean()),
        "scaled_top": float(scaled.max(-1).values.mean()),
        "raw_slope": float((raw * (1 - raw)).sum(-1).mean()),
        "scaled_slope": float((scaled * (1 - scaled)).sum(-1).mean()),
    }


def fill(seed: int, precision: str) -> Evidence:
    """−∞ against −1e9: the same until a row is masked entirely; float16 cannot hold −1e9 at all.

    Row 0 may attend to nothing, the others are causal.
    """
    dtype = getattr(torch, precision)
    scores = _normal(seed, 1, 6, 6)[0].to(dtype)
    mask = torch.ones(6, 6, dtype=torch.bool).tril(-1)
    filled = {
        name: torch.where(mask, scores, torch.tensor(value, dtype=torch.float64).to(dtype))
        for name, value in (("claim_infinity", -math.inf), ("claim_billion", -1e9))
    }
    maps = {name: masked.softmax(-1) for name, masked in filled.items()}
    maps["claim_zeros"] = masked_softmax(scores, mask)
    stored = float(torch.tensor(-1e9, dtype=torch.float64).to(dtype))
    rest = (maps["claim_infinity"][1:] - maps["claim_billion"][1:]).abs().max()
    return Evidence(
        maps,
        {
            "largest": torch.finfo(dtype).max,
            "stored": stored,
            "first": float(maps["claim_billion"][0, 0]),
            "rest": float(rest),
        },
    )


def empty(seed: int) -> Evidence:
    """A row that may attend to nothing: NaN forward, and NaN backward even after it is replaced.

    The mask is added, 0 and −∞, so its backward pass lets everything through; that of
    `masked_fill` would zero the gradient of masked scores again.
    """
    mask = torch.ones(6, 6, dtype=torch.bool).tril(-1)
    bias = torch.zeros(6, 6).masked_fill(~mask, -torch.inf)
    scores, grad = _normal(seed, 2, 6, 6)
    scores.requires_grad_()
    naive = (scores + bias).softmax(-1)
    careful = masked_softmax(scores, mask)
    (naive_grad,) = torch.autograd.grad(naive.nan_to_num(0.0), scores, grad)
    (careful_grad,) = torch.autograd.grad(careful, scores, grad)
    maps = {
        "claim_naive": naive.detach(),
        "claim_naive_gradient": naive_grad,
        "claim_careful_gradient": careful_grad,
    }
    return Evidence(maps, {"nan": int(naive_grad.isnan().sum())})


def corner(seed: int) -> Evidence:
    """A causal mask aligned top-left hides the cache: three new queries behind five cached keys."""
    queries, keys = 3, 8
    scores = _normal(seed, 1, queries, keys)[0]
    everything = torch.ones(queries, keys, dtype=torch.bool)
    maps = {
        "claim_top_left": masked_softmax(scores, everything.tril()),
        "claim_bottom_right": masked_softmax(scores, everything.tril(keys - queries)),
    }
    seen = {name: int((weights[0] > 0).sum()) for name, weights in maps.items()}
    return Evidence(
        maps,
        {
            "position": keys - queries,
            "wrong": seen["claim_top_left"],
            "right": seen["claim_bottom_right"],
        },
    )


def _normal(seed: int, count: int, rows: int, columns: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, rows, columns, generator=generator)
