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

from attention.rotary import apply_rotary, frequencies
from attention.scaled_dot_product import masked_softmax
from views.lab_setup import CLAIM_RANKS, CLAIM_WIDTHS

WIDTHS = tuple(map(int, CLAIM_WIDTHS))

DISTANCES = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
NEEDLES = 32
_LENGTH = 12
_SAMPLE = 128  # queries and keys behind the measured numbers


@dataclass(frozen=True)
class Evidence:
    """Maps by the key of their title, and the numbers that the claim's text is filled in with."""

    maps: dict[str, Tensor]
    numbers: dict[str, Any] = field(default_factory=dict)
    table: tuple[dict[str, float], ...] = ()


def evidence(
    claim: str,
    seed: int = 0,
    width: int = 64,
    precision: str = "float16",
    base: int = 10000,
    rank: int = 8,
) -> Evidence:
    """What is computed for a claim. KeyError for an unknown one."""
    makers: dict[str, Callable[[], Evidence]] = {
        "scale": lambda: scale(seed, width),
        "fill": lambda: fill(seed, precision),
        "empty": lambda: empty(seed),
        "corner": lambda: corner(seed),
        "distance": lambda: distance(seed, base),
        "sinks": lambda: sinks(seed),
        "needle": lambda: needle(seed, rank),
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


def distance(seed: int, base: int) -> Evidence:
    """What rotary does to distant keys: equal vectors drift apart, strangers stay as they were."""
    dim, length = 64, 48
    same = _normal(seed, 1, 1, dim)[0].expand(length, dim)
    turned = apply_rotary(same, torch.arange(length), float(base))
    maps = {
        "claim_same_plain": same @ same.T / dim,
        "claim_same_turned": turned @ turned.T / dim,
    }
    table = tuple(_at_distance(seed, dim, base, far) for far in DISTANCES)
    near, far = table[0], table[-1]
    numbers = {
        "base": base,
        "far": far["distance"],
        "near_same": near["same"],
        "far_same": far["same"],
        "near_spread": near["spread"],
        "far_spread": far["spread"],
        "slowest": 2 * math.pi / float(frequencies(dim, float(base))[-1]),
    }
    return Evidence(maps, numbers, table)


def _at_distance(seed: int, dim: int, base: int, far: int) -> dict[str, float]:
    """Scores q·k/d of many pairs at one distance: mean of equal vectors, spread of independent."""
    query, key = _normal(seed, 2, 4096, dim)
    place = torch.tensor([far])
    same = query[:, None] * apply_rotary(query[:, None], place, float(base))
    strange = query[:, None] * apply_rotary(key[:, None], place, float(base))
    return {
        "distance": float(far),
        "same": float(same.sum(-1).mean()) / dim,
        "spread": float(strange.sum(-1).std()) / dim,
    }


def sinks(seed: int) -> Evidence:
    """Attention sinks: what a window does to a model that has learned to look at token 0.

    Its key is given a bonus in every score and its value is zero, as trained models have it.
    """
    length, window, bonus = 24, 8, 4.0
    scores = _normal(seed, 1, length, length)[0]
    scores[:, 0] += bonus
    value = _normal(seed + 1, 1, length, 16)[0]
    value[0] = 0.0
    causal = torch.ones(length, length, dtype=torch.bool).tril()
    near = causal & ~causal.tril(-window)
    kept = near.clone()
    kept[:, 0] = True
    masks = {"claim_sink_full": causal, "claim_sink_window": near, "claim_sink_kept": kept}
    maps = {name: masked_softmax(scores, mask) for name, mask in masks.items()}
    late = slice(window, None)  # queries whose window no longer reaches token 0
    size = {name: float((w @ value)[late].norm(dim=-1).mean()) for name, w in maps.items()}
    return Evidence(
        maps,
        {
            "window": window,
            "sink": float(maps["claim_sink_full"][late, 0].mean()),
            "full": size["claim_sink_full"],
            "lost": size["claim_sink_window"],
            "kept": size["claim_sink_kept"],
            "factor": size["claim_sink_window"] / size["claim_sink_full"],
        },
    )


def needle(seed: int, rank: int) -> Evidence:
    """A rank-r approximation loses needles: every query looks up one key of its own."""
    length = NEEDLES
    keys = torch.nn.functional.normalize(_normal(seed, 1, length, 64)[0], dim=-1)
    generator = torch.Generator().manual_seed(seed)
    wanted = torch.randperm(length, generator=generator)
    exact = (12.0 * keys[wanted] @ keys.T).softmax(-1)
    u, s, v = torch.linalg.svd(exact)
    cut = u[:, :rank] * s[:rank] @ v[:rank]
    maps = {"claim_exact": exact, "claim_cut": cut}
    table = tuple(_needles(exact, wanted, u, s, v, r) for r in map(int, CLAIM_RANKS))
    row = next(row for row in table if row["rank"] == rank)
    return Evidence(maps, {"length": length, "lowest": float(cut.min()), **row}, table)


def _needles(
    exact: Tensor, wanted: Tensor, u: Tensor, s: Tensor, v: Tensor, rank: int
) -> dict[str, float]:
    """What rank-r weights leave of each query's own key."""
    cut = u[:, :rank] * s[:rank] @ v[:rank]
    rows = torch.arange(len(wanted))
    return {
        "rank": float(rank),
        "before": float(exact[rows, wanted].mean()),
        "after": float(cut[rows, wanted].mean()),
        "found": float((cut.argmax(-1) == wanted).float().mean()),
        "error": float(s[rank:].norm() / s.norm()),
    }


def _normal(seed: int, count: int, rows: int, columns: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, rows, columns, generator=generator)
