"""Curves over training steps as SVG: no script, fits both themes, is its own export.

Two curves are told apart by colour (of the palette for colour-blind readers by Okabe and Ito, made
a little lighter for dark pages), by dashes, and by the key that names them with their values.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any

COLOURS = ("#2a86c7", "#d1691c")
_DASHES = ("", "5 3")
_WIDTH, _HEIGHT = 300.0, 190.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 34.0, 10.0, 62.0, 28.0
_CSS = """
.curves { color: var(--st-text-color); display: flex; flex-wrap: wrap; gap: 0.75rem 1.5rem; }
.curves svg { flex: 1 1 250px; font-family: var(--st-font); max-width: 420px; min-width: 0; }
"""
_JS = """
export default ({ data, parentElement }) => {
  const root = parentElement.querySelector('.curves')
  root.innerHTML = data.join('') // made by svg() in curves.py, which escapes every text
}
"""
_STYLE = "font-size:12px;fill:{0}"


@dataclass(frozen=True)
class Curve:
    """A named line through points; x ascending."""

    name: str
    x: Sequence[float]
    y: Sequence[float]

    def at(self, x: float) -> float | None:
        """The value at the last point that is not beyond x."""
        known = [value for where, value in zip(self.x, self.y, strict=True) if where <= x]
        return known[-1] if known else None


@dataclass(frozen=True)
class Chart:
    """One or two curves over a common axis; `marker` is the x that is looked at."""

    title: str
    curves: Sequence[Curve]
    x_label: str
    x_end: float
    y_end: float
    marker: float | None = None
    percent: bool = False

    def text(self, value: float) -> str:
        """A value as the axis and the key say it."""
        return f"{100 * value:.0f}%" if self.percent else f"{value:.2f}"


def ticks(end: float, count: int = 4) -> list[float]:
    """Round numbers from 0 to `end`, about `count` steps of 1, 2 or 5 times a power of ten."""
    rough = end / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = min((power * f for f in (1, 2, 5, 10)), key=lambda s: abs(s - rough))
    return [round(i * step, 10) for i in range(math.floor(end / step + 1e-9) + 1)]


def svg(chart: Chart, alt: str, colour: str = "currentColor") -> str:
    """The chart as an SVG element; `colour` is that of text and axes."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" '
        f'role="img" aria-label="{escape(alt)}" style="{_STYLE.format(colour)}">',
        f'<text x="0" y="13" style="font-weight:600">{escape(chart.title)}</text>',
        *_axes(chart, colour),
    ]
    if chart.marker is not None:
        x = _x(chart, chart.marker)
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}" '
            f'stroke="{colour}" stroke-opacity="0.6" />'
        )
    for index, curve in enumerate(chart.curves):
        parts += _curve(chart, curve, index)
    return "".join([*parts, "</svg>"])


def _x(chart: Chart, value: float) -> float:
    return _LEFT + value / chart.x_end * (_WIDTH - _LEFT - _RIGHT)


def _y(chart: Chart, value: float) -> float:
    share = min(value / chart.y_end, 1.03)  # what overshoots is cut a little above the top
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _BOTTOM - _TOP)


def _axes(chart: Chart, colour: str) -> list[str]:
    """Horizontal rules with numbers, the steps below, and what they are."""
    parts = []
    for tick in ticks(chart.y_end):
        y = _y(chart, tick)
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
            f'stroke="{colour}" stroke-opacity="{0.5 if tick == 0 else 0.15}" />'
        )
        label = f"{100 * tick:.0f}%" if chart.percent else f"{tick:g}"
        parts.append(
            f'<text x="{_LEFT - 5}" y="{y + 4:.1f}" text-anchor="end" '
            f'style="font-size:11px">{label}</text>'
        )
    bottom = _HEIGHT - 12
    marks = [tick for tick in ticks(chart.x_end, 3) if tick < chart.x_end]
    parts += [
        f'<text x="{_x(chart, tick):.1f}" y="{bottom}" text-anchor="middle" '
        f'style="font-size:11px">{tick:g}</text>'
        for tick in marks
    ]
    parts.append(
        f'<text x="{_WIDTH - _RIGHT}" y="{bottom}" text-anchor="end" '
        f'style="font-size:11px">{escape(chart.x_label)} {chart.x_end:g}</text>'
    )
    return parts


def _curve(chart: Chart, curve: Curve, index: int) -> list[str]:
    """The line, its point at the marker, and its entry in the key."""
    paint = f'stroke="{COLOURS[index]}" stroke-width="2.2" stroke-dasharray="{_DASHES[index]}"'
    row = 30 + 16 * index
    value = curve.at(chart.marker if chart.marker is not None else chart.x_end)
    said = "" if value is None else f" {chart.text(value)}"
    parts = [
        f'<line x1="0" x2="22" y1="{row - 4}" y2="{row - 4}" {paint} />',
        f'<text x="28" y="{row}">{escape(curve.name)}'
        f'<tspan style="font-weight:600">{said}</tspan></text>',
    ]
    if len(curve.x) > 1:
        points = " ".join(
            f"{_x(chart, x):.1f},{_y(chart, y):.1f}" for x, y in zip(curve.x, curve.y, strict=True)
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke-linejoin="round" {paint} />')
    if value is not None and chart.marker is not None:
        parts.append(
            f'<circle cx="{_x(chart, chart.marker):.1f}" cy="{_y(chart, value):.1f}" r="3.5" '
            f'fill="{COLOURS[index]}" />'
        )
    return parts


@cache
def _component() -> Any:
    """The component, registered when the first chart is drawn; st.html takes no SVG."""
    import streamlit as st

    return st.components.v2.component(
        "headroom_curves", html='<div class="curves"></div>', css=_CSS, js=_JS
    )


def mount(key: str, pictures: Sequence[str]) -> None:
    """Draw charts made by `svg` side by side, in place under `key`."""
    _component()(key=key, data=list(pictures))
