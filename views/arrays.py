"""Small arrays as HTML tables tinted by value: yours, expected and the difference.

Pure functions from arrays to markup; the colours are translucent, so they fit both themes, and
every cell holds its number, so nothing is said by colour alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

LARGEST = 8  # rows and columns shown at most
MATRICES, CELLS = 4, 64  # an array of so few is shown whole
FULL = 100_000  # whole numbers below this are written out
NEGATIVE, POSITIVE = "202, 88, 0", "33, 102, 172"  # orange and blue: no colour of an error
ROUNDING = 1e-3  # share of the values below which a difference is not tinted in full
DEEPEST = 0.5  # opacity of the largest magnitude: text on it stays readable

STYLE = """<style>
.arrays { display: flex; flex-wrap: wrap; gap: 0.75rem 1.5rem; }
.arrays figure { margin: 0; max-width: 100%; overflow-x: auto; }
.arrays figcaption { font-size: 0.8125rem; padding-bottom: 0.25rem; }
.arrays table { border-collapse: collapse; font-size: 0.8125rem; width: auto; margin: 0; }
.arrays td, .arrays th { padding: 0.2rem 0.45rem; text-align: right; border: 0;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
.arrays th { font-weight: 400; opacity: 0.6; }
.arrays td.at { outline: 2px solid currentColor; outline-offset: -2px; font-weight: 600; }
</style>"""


@dataclass(frozen=True)
class Window:
    """The part of an array that is shown: one matrix of it, and of that a block."""

    leading: tuple[int, ...]  # index of the matrix among the leading axes
    rows: range
    columns: range
    at: tuple[int, int] | None  # the cell to point out, in the array's own indices


def to_array(data: Any) -> Values:
    """Nested lists of numbers or booleans as float64. Raises ValueError if they are ragged."""
    return np.array(data, dtype=np.float64)


def window(shape: tuple[int, ...], index: tuple[int, ...] | None) -> Window:
    """The block of at most 8×8 around `index` (or the first one) in an array of `shape`."""
    place = tuple(index) if index is not None and len(index) == len(shape) else (0,) * len(shape)
    row, column = (0, 0, *place)[-2:]
    rows, columns = (1, 1, *shape)[-2:]
    pointed = (row, column) if index is not None else None
    return Window(place[:-2], _span(row, rows), _span(column, columns), pointed)


def _span(middle: int, size: int) -> range:
    start = max(0, min(middle - LARGEST // 2, size - LARGEST))
    return range(start, min(size, start + LARGEST))


def block(values: Values, part: Window) -> Values:
    """The matrix of the cells that `part` shows; an empty one of an empty array."""
    if not values.size:
        return np.zeros((len(part.rows), len(part.columns)))[:0]
    matrix = values[part.leading] if part.leading else values
    matrix = matrix.reshape((1,) * (2 - matrix.ndim) + matrix.shape)
    return matrix[part.rows.start : part.rows.stop, part.columns.start : part.columns.stop]


def where(shape: tuple[int, ...], part: Window) -> str:
    """The shown part in Python's notation, `[0, 1, :, 4:12]`; empty if it is the whole array."""
    sizes = (1, 1, *shape)[-2:]
    spans = [
        ":" if len(span) == size else f"{span.start}:{span.stop}"
        for span, size in zip((part.rows, part.columns), sizes, strict=True)
    ]
    axes = [*map(str, part.leading), *spans[2 - min(len(shape), 2) :]]
    if all(axis == ":" for axis in axes):
        return ""
    return f"[{', '.join(axes)}]"


def figure(values: Values, caption: str, part: Window, reach: float) -> str:
    """One table. `reach` is the magnitude that gets the deepest tint."""
    head = "".join(f"<th scope='col'>{column}</th>" for column in part.columns)
    cells = block(values, part)
    rows = [
        f"<tr><th scope='row'>{row}</th>{_row(cells[i], row, part, reach)}</tr>"
        for i, row in enumerate(part.rows[: len(cells)])
    ]
    return (
        f"<figure><figcaption>{escape(caption)}</figcaption>"
        f"<table aria-label='{escape(caption, quote=True)}'><tr><td></td>{head}</tr>"
        f"{''.join(rows)}</table></figure>"
    )


def _row(cells: Values, row: int, part: Window, reach: float) -> str:
    return "".join(
        f"<td{' class=at' if part.at == (row, column) else ''} style='{_tint(value, reach)}'>"
        f"{number(value)}</td>"
        for value, column in zip(cells.tolist(), part.columns, strict=True)
    )


def _tint(value: float, reach: float) -> str:
    if math.isnan(value):
        return "background: rgba(200, 150, 0, 0.35)"
    share = min(1.0, abs(value) / reach) if reach > 0 else 0.0
    colour = NEGATIVE if value < 0 else POSITIVE
    return f"background: rgba({colour}, {DEEPEST * share:.2f})"


def number(value: float) -> str:
    """Three significant digits, whole numbers in full, with a true minus sign."""
    if not math.isfinite(value):
        text = str(value)
    elif value == int(value) and abs(value) < FULL:
        text = f"{value + 0.0:.0f}"  # no minus before a zero
    else:
        text = f"{value:.3g}"
    return text.replace("-", "−")


def reach_of(*arrays: Values) -> float:
    """The largest finite magnitude among the arrays; 0 if there is none."""
    finite = [np.abs(array[np.isfinite(array)]) for array in arrays]
    return max((float(part.max()) for part in finite if part.size), default=0.0)


def page(figures: list[str]) -> str:
    """Figures side by side, wrapping where the page is narrow."""
    return f"{STYLE}<div class='arrays'>{''.join(figures)}</div>"


def compared(
    yours: Any, expected: Any, index: tuple[int, ...] | None, names: tuple[str, str, str]
) -> str:
    """Yours, expected and the difference around `index`; `names` are their captions.

    Where the shapes differ there is no difference to show, and the two stand alone.
    """
    got, wanted = to_array(yours), to_array(expected)
    if got.shape != wanted.shape:
        shown = zip((got, wanted), names[:2], strict=True)
        return page([alone(values, name) for values, name in shown])
    part, reach = window(got.shape, index), reach_of(got, wanted)
    place = where(got.shape, part)
    titles = [f"{name} {place}".strip() for name in names]
    with np.errstate(invalid="ignore"):  # inf − inf is nan, and is shown as such
        difference = got - wanted
    difference[got == wanted] = 0.0  # equal infinities agree
    return page(
        [
            figure(got, titles[0], part, reach),
            figure(wanted, titles[1], part, reach),
            # Against the values too, so that rounding errors are not painted as mistakes.
            figure(difference, titles[2], part, max(reach_of(difference), reach * ROUNDING)),
        ]
    )


def agree(yours: Any, expected: Any) -> bool:
    """Whether two results are the same to the rounding of float32."""
    got, wanted = to_array(yours), to_array(expected)
    return got.shape == wanted.shape and np.allclose(
        got, wanted, rtol=1e-4, atol=1e-5, equal_nan=True
    )


def farthest(yours: Any, expected: Any) -> tuple[int, ...] | None:
    """Where two arrays differ most; None if that is nowhere, or their shapes differ."""
    got, wanted = to_array(yours), to_array(expected)
    if got.shape != wanted.shape or not got.size:
        return None
    with np.errstate(invalid="ignore"):
        gap = np.abs(got - wanted)
    gap[np.isnan(gap)] = np.inf
    gap[(got == wanted) | (np.isnan(got) & np.isnan(wanted))] = 0.0
    place = np.unravel_index(int(gap.argmax()), gap.shape)
    return tuple(map(int, place)) if gap.any() else None


def alone(values: Values, name: str) -> str:
    """One array by itself: every matrix of a small one, the first block of a large one."""
    part = window(values.shape, None)
    leading = values.shape[:-2]
    parts = [part]
    if 0 < values.size <= CELLS and math.prod(leading) <= MATRICES:
        parts = [replace(part, leading=index) for index in np.ndindex(*leading)]
    reach = reach_of(values)
    captions = [f"{name} {where(values.shape, part)}".strip() for part in parts]
    pairs = zip(captions, parts, strict=True)
    return "".join(figure(values, caption, part, reach) for caption, part in pairs)


def words(name: str, text: str) -> str:
    """A value that is no array, in the place of a table."""
    return f"<figure><figcaption>{escape(name)}</figcaption><code>{escape(text)}</code></figure>"
