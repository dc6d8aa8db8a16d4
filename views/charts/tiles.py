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
    rows = np.arange(0, values.shape[-2], factor)
    columns = np.arange(0, values.shape[-1], factor)
    # Rows first: whole rows are contiguous, so the larger half of the work is vectorised.
    reduced = operation.reduceat(values, rows, axis=-2)
    return np.asarray(operation.reduceat(reduced, columns, axis=-1), dtype=values.dtype)


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


def value_range(values: Array, *, signed: bool) -> tuple[float, float]:
    """The range of the finite values; symmetric about zero if `signed`; never of zero width."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return (-1.0, 1.0) if signed else (0.0, 1.0)
    low, high = float(finite.min()), float(finite.max())
    if signed:
        reach = max(abs(low), abs(high)) or 1.0
        return -reach, reach
    return (low, high) if high > low else (low, low + 1.0)


def largest(values: Array) -> tuple[tuple[int, ...], float]:
    """Index and value of the element farthest from zero; one that is not finite comes first."""
    if values.size == 0:
        raise ValueError("an empty array has no largest element")
    reach = np.where(np.isfinite(values), np.abs(values), np.inf)
    index = np.unravel_index(int(np.argmax(reach)), values.shape)
    return tuple(int(i) for i in index), float(values[index])
