"""Lines on two logarithmic axes as SVG: no script, fits both themes; files by matplotlib.

Lines are told apart by colour (from Okabe and Ito's palette for colour-blind readers, adjusted to a
contrast of 3 on light and dark pages), by marker, and by the key that names them.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

COLOURS = ("#2a86c7", "#d1691c", "#15936c", "#b864a0", "#a5780a", "#7b7f87")
MARKERS = ("o", "s", "^", "D", "P", "X")  # as matplotlib calls them
_WIDTH, _PLOT = 380.0, 190.0
_LEFT, _RIGHT, _BOTTOM = 58.0, 14.0, 36.0
_ROW = 16.0
_SHAPES = {
    "o": "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z",
    "s": "M-3.6,-3.6h7.2v7.2h-7.2z",
    "^": "M0,-4.6L4.4,3.4H-4.4z",
    "D": "M0,-4.8L4.8,0L0,4.8L-4.8,0z",
    "P": "M-1.6,-4.6h3.2v3h3v3.2h-3v3h-3.2v-3h-3v-3.2h3z",
    "X": "M-4,-2.2L-2.2,-4L0,-1.8L2.2,-4L4,-2.2L1.8,0L4,2.2L2.2,4L0,1.8L-2.2,4L-4,2.2L-1.8,0z",
}


@dataclass(frozen=True)
class Line:
    """A named line through points (x, y), both above zero; `style` picks colour and marker.

    `note` stands beside the name in the key, what follows a ^ in it raised. `fit` (p, c), where
    given, is drawn as c · x^p.
    """

    name: str
    points: tuple[tuple[float, float], ...]
    style: int
    note: str = ""
    fit: tuple[float, float] | None = None

    @property
    def colour(self) -> str:
        """The line's colour as #rrggbb."""
        return COLOURS[self.style % len(COLOURS)]

    @property
    def marker(self) -> str:
        """The line's marker, as matplotlib calls it."""
        return MARKERS[self.style % len(MARKERS)]


@dataclass(frozen=True)
class LogChart:
    """Lines over common logarithmic axes; `xs` are the values that the x axis names."""

    title: str
    x_label: str
    xs: tuple[float, ...]
    lines: tuple[Line, ...]

    @property
    def span(self) -> tuple[float, float]:
        """The ends of the y axis: at least one power of ten, around all points."""
        values = [y for line in self.lines for _, y in line.points]
        if not values:
            return 1.0, 10.0
        low, high = min(values) / 1.3, max(values) * 1.3
        middle = math.sqrt(low * high)
        return min(low, middle / math.sqrt(10)), max(high, middle * math.sqrt(10))


def ticks(low: float, high: float) -> list[float]:
    """Powers of ten between the ends, with 2 and 5 times them where there are fewer than three."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    tens = [10.0**p for p in powers if low <= 10.0**p <= high]
    if len(tens) >= 3:
        step = math.ceil(len(tens) / 6)
        return tens[::step]
    found = [f * 10.0**p for p in powers for f in (1, 2, 5)]
    return [value for value in found if low <= value <= high]


def short(value: float) -> str:
    """A number on an axis: 0.02, 500, 20k, 3M."""
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if value >= size:
            unit = 1e3 if letter == "k" else size
            return f"{value / unit:g}{letter}"
    return f"{value:.12g}"


def binary(value: float) -> str:
    """A length on an axis: 512, 1k for 1024, 128k."""
    whole = value >= 1024 and value % 1024 == 0
    return f"{value / 1024:g}k" if whole else f"{value:g}"


def svg(chart: LogChart, alt: str) -> str:
    """The chart as an SVG element, its text and axes in the colour of the page's text."""
    top = 26 + _ROW * len(chart.lines) + 8
    height = top + _PLOT + _BOTTOM
    frame = _Frame(chart, top, height - _BOTTOM)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {height:.0f}" '
        f'role="img" aria-label="{escape(alt)}" style="width:100%;height:auto;'
        'font-family:inherit,sans-serif;font-size:12px;fill:currentColor">',
        f'<text x="0" y="14" style="font-weight:600">{escape(chart.title)}</text>',
        *frame.axes(),
    ]
    for row, line in enumerate(chart.lines):
        parts += _key(line, 26 + _ROW * row + 10)
        parts += frame.line(line)
    return "".join([*parts, "</svg>"])


def _key(line: Line, y: float) -> list[str]:
    note, _, power = line.note.partition("^")
    said = f'<tspan dx="6" style="font-weight:600">{escape(note)}</tspan>' if note else ""
    if power:
        said += f'<tspan dy="-4" style="font-weight:600;font-size:10px">{escape(power)}</tspan>'
    return [
        f'<line x1="0" x2="22" y1="{y - 4}" y2="{y - 4}" stroke="{line.colour}" '
        'stroke-width="2" />',
        _mark(line, 11, y - 4, ""),
        f'<text x="28" y="{y}">{escape(line.name)}{said}</text>',
    ]


def _mark(line: Line, x: float, y: float, said: str) -> str:
    return (
        f'<path transform="translate({x:.1f} {y:.1f})" d="{_SHAPES[line.marker]}" '
        f'fill="{line.colour}">{f"<title>{escape(said)}</title>" if said else ""}</path>'
    )


class _Frame:
    """The rectangle of a chart, and where values lie in it."""

    def __init__(self, chart: LogChart, top: float, bottom: float) -> None:
        self.chart = chart
        self.top, self.bottom = top, bottom
        self.low, self.high = chart.span
        first, last = chart.xs[0], chart.xs[-1]
        self.first, self.last = first, last if last > first else 2 * first

    def x(self, value: float) -> float:
        share = math.log(value / self.first) / math.log(self.last / self.first)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.bottom - share * (self.bottom - self.top)

    def axes(self) -> list[str]:
        parts = [
            f'<rect x="{_LEFT}" y="{self.top}" width="{_WIDTH - _LEFT - _RIGHT}" '
            f'height="{self.bottom - self.top}" fill="none" stroke="currentColor" '
            'stroke-opacity="0.35" />'
        ]
        for tick in ticks(self.low, self.high):
            y = self.y(tick)
            parts.append(
                f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
                'stroke="currentColor" stroke-opacity="0.15" />'
                f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" '
                f'style="font-size:11px">{short(tick)}</text>'
            )
        shown = self.chart.xs[:: math.ceil(len(self.chart.xs) / 6)]
        parts += [
            f'<text x="{self.x(tick):.1f}" y="{self.bottom + 14}" text-anchor="middle" '
            f'style="font-size:11px">{binary(tick)}</text>'
            for tick in shown
        ]
        parts.append(
            f'<text x="{_WIDTH - _RIGHT}" y="{self.bottom + 30}" text-anchor="end" '
            f'style="font-size:11px">{escape(self.chart.x_label)} →</text>'
        )
        return parts

    def line(self, line: Line) -> list[str]:
        points = [(x, y) for x, y in line.points if y > 0]
        path = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
        parts = []
        if line.fit is not None and len(points) > 1:
            power, factor = line.fit
            ends = [points[0][0], points[-1][0]]
            straight = " ".join(
                f"{self.x(x):.1f},{self._inside(factor * x**power):.1f}" for x in ends
            )
            parts.append(
                f'<polyline points="{straight}" fill="none" stroke="{line.colour}" '
                'stroke-width="1.2" stroke-dasharray="2 4" />'
            )
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{line.colour}" stroke-width="2" />'
        )
        for x, y in points:
            said = f"{line.name}, {x:,.0f}: {y:.4g}"
            parts.append(_mark(line, self.x(x), self.y(y), said))
        return parts

    def _inside(self, value: float) -> float:
        return min(max(self.y(min(max(value, self.low), self.high)), self.top), self.bottom)


def picture(charts: Sequence[LogChart], kind: str) -> bytes:
    """All charts side by side as a file; `kind` is "png" or "svg"."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    from views.charts.export import installed_fonts

    across = min(2, len(charts))
    down = -(-len(charts) // across)
    figure = Figure(figsize=(5.6 * across, 4.2 * down), layout="constrained")
    axes = figure.subplots(down, across, squeeze=False)
    for axis, chart in zip(axes.flat, charts, strict=False):
        _plot(axis, chart)
    buffer = io.BytesIO()
    # Text in an SVG stays text, and in a PNG a font with Chinese signs is taken if there is one.
    with rc_context({"svg.fonttype": "none", "font.sans-serif": installed_fonts()}):
        (FigureCanvasSVG if kind == "svg" else FigureCanvasAgg)(figure)
        figure.savefig(buffer, format=kind, dpi=160, metadata=_metadata(kind))
    return buffer.getvalue()


def _metadata(kind: str) -> dict[str, None] | None:
    return {"Date": None} if kind == "svg" else None


def _plot(plot: Any, chart: LogChart) -> None:
    """Draw a chart on matplotlib's axes."""
    for line in chart.lines:
        points = [(x, y) for x, y in line.points if y > 0]
        note, _, power = line.note.partition("^")
        label = f"{line.name} {note}{f'$^{{{power}}}$' if power else ''}".strip()
        xs, ys = zip(*points, strict=True) if points else ((), ())
        plot.plot(xs, ys, marker=line.marker, color=line.colour, label=label)
    plot.set(xscale="log", yscale="log", title=chart.title, xlabel=chart.x_label)
    plot.set_xticks(chart.xs, [binary(x) for x in chart.xs])
    plot.minorticks_off()
    plot.grid(alpha=0.25)
    if chart.lines:
        plot.legend(fontsize="small")
