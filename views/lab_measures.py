"""What a head does, in numbers: entropy, distance, and a pattern that one can name. Pure NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from views.charts.tiles import Array

PATTERNS = ("previous", "first", "diagonal", "block")
HOLDS = 0.5  # a pattern is named if it has at least this share of the weight
NEARLY_ALL = 0.95  # of the largest entropy that the mask allows: uniform


@dataclass(frozen=True)
class Measures:
    """Measures of one head: bits, positions, the largest weight, a pattern and its share."""

    entropy: float
    distance: float
    strongest: float
    pattern: str
    share: float


def measure(weights: Array) -> Measures:
    """The measures of one map of weights (queries, keys).

    Only queries that attend to something count. Positions are aligned at the bottom right, the
    queries being the last positions. Weights that are negative, or NaN, give NaN and "mixed".
    """
    table = weights.astype(np.float64)
    if not np.isfinite(table).all() or (table < 0).any():
        return Measures(np.nan, np.nan, float(np.nanmax(table)), "mixed", np.nan)
    total = table.sum(axis=1)
    rows = total > 0
    if not rows.any():
        return Measures(0.0, 0.0, 0.0, "mixed", 0.0)
    share = table[rows] / total[rows, None]
    where = np.flatnonzero(rows) + table.shape[1] - table.shape[0]
    entropy = _entropy(share)
    most = float(np.log2(np.maximum((share > 0).sum(axis=1), 1)).mean())
    distance = float((share * np.abs(where[:, None] - np.arange(table.shape[1]))).sum(1).mean())
    if most > 0 and entropy >= NEARLY_ALL * most:
        pattern, held = "uniform", entropy / most
    else:
        pattern, held = _pattern(share, where)
    return Measures(entropy, distance, float(table.max()), pattern, held)


def _entropy(share: NDArray[np.float64]) -> float:
    logs = np.log2(share, where=share > 0, out=np.zeros_like(share))
    return float(-(share * logs).sum(axis=1).mean())


def _pattern(share: NDArray[np.float64], where: NDArray[np.int64]) -> tuple[str, float]:
    """The pattern with the most weight beyond what uniform attention gives it, and its weight."""
    allowed = share > 0
    even = allowed / allowed.sum(axis=1, keepdims=True)
    keys = np.arange(share.shape[1])
    cells = {
        "previous": keys == where[:, None] - 1,
        "first": np.broadcast_to(keys == 0, share.shape),
        "diagonal": keys == where[:, None],
    }
    size = 2
    while size <= share.shape[1] // 2:
        cells[f"block {size}"] = keys // size == where[:, None] // size
        size *= 2
    count = len(share)
    held = {name: float(share[cell].sum()) / count for name, cell in cells.items()}
    lift = {name: held[name] - float(even[cell].sum()) / count for name, cell in cells.items()}
    best = max(lift, key=lambda name: lift[name])
    return (best.split(" ")[0], held[best]) if held[best] >= HOLDS else ("mixed", held[best])
