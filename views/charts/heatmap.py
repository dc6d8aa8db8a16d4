"""The heatmap component: maps of many heads as one image, with values under the pointer.

A `Panel` is a stack of maps that share a colour scale. `encode` packs panels into one frame:
four bytes (little-endian) of header length, a JSON header padded to four bytes, then float32
values. The browser colours them by lookup table and keeps them for hovering; a map larger than
`LIMIT` cells is reduced to blocks by their maximum first, and the header says by how much.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from views.charts.colours import MASKED, NOT_FINITE, table
from views.charts.tiles import Array, block_factor, block_maximum, bounds, grid_columns, scale_of

LIMIT = 640  # cells across the stitched image that are sent at most, about a screen's pixels
THUMBNAIL_SIDE = 56
REMEMBERED = 4  # parts of a panel
_FOLDER = Path(__file__).parent
_SCRIPTS = ("heatmap_panel.js", "heatmap_view.js", "heatmap_main.js")


@dataclass(frozen=True)
class Zoom:
    """A rectangle of a map: rows top … bottom − 1, columns left … right − 1."""

    top: int
    bottom: int
    left: int
    right: int


@dataclass(frozen=True)
class Panel:
    """Maps (n, R, C) that share a colour scale.

    `labels` name the n maps, `rows` and `columns` the axes; `unit` is what the legend says the
    numbers are; `signed` asks for the diverging colour map and reduces by magnitude. `left`
    (n, R, d) and `right` (n, C, d), where given, are the vectors whose dot products are the
    values, and are shown for the cell under the pointer. `span` sets the colour scale's ends.
    `row_names` and `column_names`, where given, say what stands at a row or a column. `across`
    is how many maps stand side by side, as many as fit the page best if it is 0.
    """

    title: str
    values: Array
    labels: tuple[str, ...]
    rows: str
    columns: str
    unit: str
    signed: bool = False
    left: Array | None = None
    right: Array | None = None
    span: tuple[float, float] | None = None
    row_names: tuple[str, ...] = ()
    column_names: tuple[str, ...] = ()
    across: int = 0
    reduced: dict[tuple[int | None, Zoom | None, int], Shown] = field(
        init=False, default_factory=dict, compare=False, repr=False
    )

    @property
    def palette(self) -> str:
        """The name of the colour map."""
        return "RdBu_r" if self.signed else "viridis"

    @cached_property
    def scale(self) -> tuple[float, float]:
        """The values at the two ends of the colour map."""
        return self.span or scale_of(*bounds(self.values), signed=self.signed)


@dataclass(frozen=True)
class Shown:
    """What of a panel is on the screen: some of its maps, from `top` and `left`, in blocks."""

    tiles: Array
    first: int
    columns: int
    top: int
    left: int
    step: int


@dataclass(frozen=True)
class Thumbnail:
    """A small picture of a stage, with its name and shape, that selects the stage."""

    name: str
    title: str
    shape: str
    panel: Panel


@dataclass
class _Frame:
    """A header under construction and the values that go with it."""

    chunks: list[bytes] = field(default_factory=list)
    count: int = 0

    def add(self, values: Array) -> int:
        """Append values; where they start, counted in numbers."""
        at = self.count
        self.chunks.append(np.ascontiguousarray(values, dtype="<f4").tobytes())
        self.count += values.size
        return at

    def pack(self, header: dict[str, Any]) -> bytes:
        """The whole frame."""
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        return b"".join([struct.pack("<I", len(text)), text, *self.chunks])


def shown(panel: Panel, focus: int | None, zoom: Zoom | None, limit: int = LIMIT) -> Shown:
    """The part of a panel that `focus` and `zoom` ask for, reduced to fit `limit` cells.

    The panel remembers the last ones, since the page and its files ask for the same.
    """
    key = (focus, zoom, limit)
    if key not in panel.reduced:
        while len(panel.reduced) >= REMEMBERED:
            panel.reduced.pop(next(iter(panel.reduced)))
        panel.reduced[key] = _reduce(panel, focus, zoom, limit)
    return panel.reduced[key]


def _reduce(panel: Panel, focus: int | None, zoom: Zoom | None, limit: int) -> Shown:
    first = 0 if focus is None else focus
    tiles = panel.values if focus is None else panel.values[focus : focus + 1]
    area = zoom or Zoom(0, tiles.shape[1], 0, tiles.shape[2])
    tiles = tiles[:, area.top : area.bottom, area.left : area.right]
    count, height, width = tiles.shape
    across = (panel.across if focus is None else 0) or grid_columns(count, height, width)
    step = block_factor(height, width, max(1, limit // max(across, -(-count // across))))
    reduced = block_maximum(tiles, step, magnitude=panel.signed)
    return Shown(reduced, first, across, area.top, area.left, step)


def encode(
    panels: Sequence[Panel],
    words: dict[str, str],
    *,
    alt: str,
    strip: Sequence[Thumbnail] = (),
    selected: str = "",
    focus: int | None = None,
    zoom: Zoom | None = None,
    picks: Sequence[str] = ("head", "zoom"),
    more: Mapping[str, Any] | None = None,
) -> bytes:
    """One frame with the panels, drawn side by side and sharing a cursor, under the `strip`.

    `picks` says what the person may pick on the maps themselves: a head, a rectangle, or nothing.
    `more` goes into the header as it is, for components that are built on this one.
    """
    frame = _Frame()
    header = {
        "words": words,
        "alt": alt,
        "focus": focus,
        "selected": selected,
        "zoomed": zoom is not None,
        "picks": list(picks),
        "tables": {name: _table(name) for name in ("viridis", "RdBu_r")},
        "masked": MASKED,
        "odd": NOT_FINITE,
        "strip": [_thumbnail(frame, item) for item in strip],
        "panels": [_panel(frame, panel, shown(panel, focus, zoom)) for panel in panels],
        **(more or {}),
    }
    return frame.pack(header)


def _thumbnail(frame: _Frame, item: Thumbnail) -> dict[str, Any]:
    part = shown(item.panel, 0, None, THUMBNAIL_SIDE)
    return {
        "name": item.name,
        "title": item.title,
        "shape": item.shape,
        **_picture(frame, item.panel, part),
    }


def _panel(frame: _Frame, panel: Panel, part: Shown) -> dict[str, Any]:
    exact = part.step == 1 and panel.left is not None and panel.right is not None
    return {
        **_picture(frame, panel, part),
        "title": panel.title,
        "labels": panel.labels[part.first : part.first + len(part.tiles)],
        "first": part.first,
        "of": len(panel.values),
        "across": part.columns,
        "top": part.top,
        "left": part.left,
        "step": part.step,
        "height": panel.values.shape[1],
        "width": panel.values.shape[2],
        "axes": [panel.rows, panel.columns],
        "names": [panel.row_names, panel.column_names],
        "unit": panel.unit,
        "hasMasked": bool(np.isneginf(part.tiles).any()),
        "hasOdd": bool((np.isnan(part.tiles) | np.isposinf(part.tiles)).any()),
        "factors": _factors(frame, panel, part) if exact else None,
    }


def _picture(frame: _Frame, panel: Panel, part: Shown) -> dict[str, Any]:
    low, high = panel.scale
    count, rows, columns = part.tiles.shape
    return {
        "at": frame.add(part.tiles),
        "count": count,
        "rows": rows,
        "columns": columns,
        "low": low,
        "high": high,
        "palette": panel.palette,
    }


def _factors(frame: _Frame, panel: Panel, part: Shown) -> dict[str, int]:
    """The vectors behind each shown value: rows of `left` against rows of `right`."""
    count, rows, columns = part.tiles.shape
    tiles = slice(part.first, part.first + count)
    assert panel.left is not None
    assert panel.right is not None
    left = panel.left[tiles, part.top : part.top + rows]
    right = panel.right[tiles, part.left : part.left + columns]
    return {"left": frame.add(left), "right": frame.add(right), "width": left.shape[-1]}


@cache
def _table(name: str) -> str:
    return base64.b64encode(table(name).tobytes()).decode()


@cache
def _component() -> Any:
    """The component, registered when the first map is drawn."""
    import streamlit as st

    return st.components.v2.component(
        "headroom_heatmap",
        html='<div class="heatmap"></div>',
        css=(_FOLDER / "heatmap.css").read_text(encoding="utf-8"),
        js="\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in _SCRIPTS),
    )


def mount(key: str, frame: bytes, on_select: Callable[[], None]) -> None:
    """Draw a frame in place under `key`.

    `on_select` runs when the person picks a stage, a head or a rectangle; the choice is then in
    `st.session_state[key]["select"]` as {"kind": "stage" | "head" | "zoom", "value": …}.
    """
    _component()(key=key, data=frame, on_select_change=on_select)
