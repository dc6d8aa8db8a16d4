"""Maps as files: PNG by lookup table, SVG by matplotlib, CSV. Pure functions from arrays."""

from __future__ import annotations

import csv as writer
import io
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from views.charts.colours import colourise, table
from views.charts.heatmap import Panel, Shown
from views.charts.tiles import Array, stitch

_SIDE = 1024  # pixels that a small map is enlarged to, about


def png(tiles: Array, columns: int, palette: str, low: float, high: float) -> bytes:
    """The maps (n, R, C) stitched into one PNG, each cell a whole number of pixels wide."""
    from PIL import Image

    gap = max(1, tiles.shape[2] // 12) if len(tiles) > 1 else 0
    pixels = colourise(stitch(tiles, columns, gap), palette, low, high)
    scale = max(1, _SIDE // max(pixels.shape[:2]))
    pixels = pixels.repeat(scale, axis=0).repeat(scale, axis=1)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def svg(panel: Panel, part: Shown) -> bytes:
    """The maps as a figure with axes and a colour bar, for a paper or slides."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure

    columns, count = part.columns, len(part.tiles)
    down = -(-count // columns)
    height, width = part.tiles.shape[1:]
    side = 3.2 if count > 1 else 5.5
    wide, tall = _inches(side, width / height)
    figure = Figure(figsize=(columns * wide + 1.2, down * tall + 0.8), layout="constrained")
    axes = figure.subplots(down, columns, squeeze=False)
    colours = ListedColormap(table(panel.palette) / 255.0).with_extremes(bad="#969696")
    low, high = panel.scale
    extent = _extent(part)
    for index, axis in enumerate(axes.flat):
        if index >= count:
            axis.set_axis_off()
            continue
        tile = np.ma.masked_invalid(part.tiles[index])
        image = axis.imshow(
            tile, cmap=colours, vmin=low, vmax=high, interpolation="nearest", extent=extent
        )
        axis.set(xlabel=panel.columns, ylabel=panel.rows)
        _name_ticks(axis, panel, part)
        axis.set_title(panel.labels[part.first + index] if len(panel.values) > 1 else panel.title)
    figure.colorbar(image, ax=axes, label=panel.unit)
    buffer = io.BytesIO()
    # Text stays text, set in the reader's fonts, so glyphs that matplotlib's own lacks do not
    # matter; it warns of each all the same.
    with rc_context({"svg.fonttype": "none"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        FigureCanvasSVG(figure)
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def _name_ticks(axis: Any, panel: Panel, part: Shown) -> None:
    """What stands at each row and column in place of numbers, where it has a name."""
    if not panel.row_names or part.step > 1:
        return
    rows = range(part.top, part.top + part.tiles.shape[1])
    columns = range(part.left, part.left + part.tiles.shape[2])
    small = {"fontsize": 7}
    axis.set_yticks(list(rows), [panel.row_names[row] for row in rows], **small)
    axis.set_xticks(list(columns), [panel.column_names[c] for c in columns], rotation=90, **small)


def csv(panel: Panel, part: Shown) -> bytes:
    """One line per shown cell: map, first row and column of its block, value."""
    buffer = io.StringIO()
    lines = writer.writer(buffer, lineterminator="\n")
    lines.writerow(["map", "row", "column", "value"])
    rows = part.top + part.step * np.arange(part.tiles.shape[1])
    columns = part.left + part.step * np.arange(part.tiles.shape[2])
    for index, tile in enumerate(part.tiles):
        label = panel.labels[part.first + index] or "0"
        for row, values in zip(rows.tolist(), tile, strict=True):
            found = zip(columns.tolist(), values, strict=True)
            lines.writerows((label, row, column, f"{value:.9g}") for column, value in found)
    return buffer.getvalue().encode("utf-8-sig")


def _inches(side: float, ratio: float) -> tuple[float, float]:
    """Width and height of one map, the longer of them `side`, the shorter no sliver."""
    return (side, max(1.2, side / ratio)) if ratio >= 1 else (max(1.2, side * ratio), side)


def _extent(part: Shown) -> tuple[float, float, float, float]:
    """The axes' limits in cells of the whole map: left, right, bottom, top."""
    height, width = part.tiles.shape[1:]
    return (
        part.left - 0.5,
        part.left + part.step * width - 0.5,
        part.top + part.step * height - 0.5,
        part.top - 0.5,
    )


def side_by_side(panels: Sequence[Panel], kind: str) -> bytes:
    """The first map of every panel with a colour bar of its own; `kind` is "png" or "svg"."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0 * len(panels), 4.4), layout="constrained")
    for axis, panel in zip(
        figure.subplots(1, len(panels), squeeze=False).flat, panels, strict=True
    ):
        colours = ListedColormap(table(panel.palette) / 255.0).with_extremes(bad="#969696")
        low, high = panel.scale
        tile = np.ma.masked_invalid(panel.values[0])
        image = axis.imshow(tile, cmap=colours, vmin=low, vmax=high, interpolation="nearest")
        axis.set(xlabel=panel.columns, ylabel=panel.rows, title=panel.title)
        figure.colorbar(image, ax=axis, label=panel.unit, shrink=0.8)
    buffer = io.BytesIO()
    with (
        rc_context({"svg.fonttype": "none", "font.sans-serif": installed_fonts()}),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("ignore", message="Glyph")
        (FigureCanvasSVG if kind == "svg" else FigureCanvasAgg)(figure)
        metadata = {"Date": None} if kind == "svg" else None
        figure.savefig(buffer, format=kind, dpi=150, metadata=metadata)
    return buffer.getvalue()


def installed_fonts() -> list[str]:
    """Fonts with Chinese signs that are there, and matplotlib's own."""
    from matplotlib import font_manager

    known = set(font_manager.get_font_names())
    wanted = ("Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "DejaVu Sans")
    return [name for name in wanted if name in known] or ["DejaVu Sans"]
