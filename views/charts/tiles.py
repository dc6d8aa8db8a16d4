"""Stacks of maps as one image: reduction by blocks, tiling, value ranges. Pure NumPy."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def block_maximum(values: Array, factor: int, *, magnitude: bool = False) -> Array:
    """Reduce the last two axes (…, R, C) to (…, ceil(R/f), ceil(C/f)) by the largest of a block.

    The maximum keeps what a mean or a nearest neighbour loses: a diagonal one cell wide stays
    visible at any factor. With `magnitude` the element farthest from zero stands for its block,
    sign kept, which is what a difference needs. NaN anywhere in a block gives NaN.

    Raises ValueError for a factor below 1.
    """
    if factor < 1:
        raise ValueError(f"factor must be at least 1, got {factor}")
    if factor == 1 or values.size == 0:
        return values
    high = _reduce(np.maximum, values, factor)
    if not magnitude:
        return high
    low = _reduce(np.minimum, values, factor)
    return np.where(high >= -low, high, low).astype(values.dtype)


def _reduce(operation: np.ufunc, values: Array, factor: int) -> Array:
    # Every k-th row against every other k-th row: whole rows at once, ten times as fast as
    # reduceat. Columns come second, when little is left. The last block may be cut short.
    rows = values[..., ::factor, :].copy()
    for offset in range(1, factor):
        part = values[..., offset::factor, :]
        into = rows[..., : part.shape[-2], :]
        operation(into, part, out=into)
    result = rows[..., ::factor].copy()
    for offset in range(1, factor):
        part = rows[..., offset::factor]
        into = result[..., : part.shape[-1]]
        operation(into, part, out=into)
    return result


def block_factor(rows: int, columns: int, limit: int) -> int:
    """The least whole factor that brings both sides of a map to at most `limit` cells."""
    return max(1, math.ceil(max(rows, columns) / limit))


def grid_columns(count: int, rows: int, columns: int, aspect: float = 1.5) -> int:
    """How many of `count` tiles of rows × columns cells to put in a row of the grid.

    Weighs how far the grid is from `aspect` (width over height) against its share of empty places.
    """

    def cost(across: int) -> float:
        down = math.ceil(count / across)
        shape = math.log((across * columns) / (down * rows) / aspect)
        return round(abs(shape) + (across * down - count) / count, 6)

    return min(range(1, count + 1), key=cost)


def stitch(tiles: Array, columns: int, gap: int = 1) -> Array:
    """One image from a stack of tiles (n, R, C), row by row, `gap` cells of NaN between them."""
    count, height, width = tiles.shape
    down = math.ceil(count / columns)
    image = np.full(
        (down * (height + gap) - gap, columns * (width + gap) - gap), np.nan, dtype=tiles.dtype
    )
    for index, tile in enumerate(tiles):
        top, left = tile_corner(index, columns, height, width, gap)
        image[top : top + height, left : left + width] = tile
    return image


def tile_corner(index: int, columns: int, height: int, width: int, gap: int) -> tuple[int, int]:
    """Row and column of the upper left cell of tile `index` in a stitched image."""
    return (index // columns) * (height + gap), (index % columns) * (width + gap)


def bounds(values: Array) -> tuple[float, float]:
    """The least and the greatest finite value, (0, 0) if there is none."""
    if values.size == 0:
        return 0.0, 0.0
    low, high = float(values.min()), float(values.max())
    if not (math.isfinite(low) and math.isfinite(high)):  # the slow way, only where it is needed
        finite = np.where(np.isfinite(values), values, np.float32(np.nan))
        low = float(np.fmin.reduce(finite, axis=None))  # fmin and fmax pass over NaN
        high = float(np.fmax.reduce(finite, axis=None))
        if math.isnan(low):
            return 0.0, 0.0
    return low, high


def scale_of(low: float, high: float, *, signed: bool) -> tuple[float, float]:
    """The ends of a colour scale for values in low … high, never of zero width.

    Symmetric about zero if `signed`; from zero if nothing is negative.
    """
    if signed:
        reach = max(abs(low), abs(high)) or 1.0
        return -reach, reach
    low = min(low, 0.0)
    return (low, high) if high > low else (low, low + 1.0)


def largest(values: Array) -> tuple[tuple[int, ...], float]:
    """Index and value of the element farthest from zero; one that is not finite comes first."""
    if values.size == 0:
        raise ValueError("an empty array has no largest element")
    low, high = float(values.min()), float(values.max())
    if math.isnan(high):
        flat = int(np.argmax(np.isnan(values)))
    else:
        flat = int(values.argmax() if high >= -low else values.argmin())
    index = np.unravel_index(flat, values.shape)
    return tuple(int(i) for i in index), float(values[index])
