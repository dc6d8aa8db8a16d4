"""Charts, table and files of measured costs. Figures are pure functions of a job's numbers."""

from __future__ import annotations

import csv
import inspect
import io
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from views.charts.figures import mount
from views.charts.loglog import Line, LogChart, picture, short, svg
from views.i18n import t
from views.lab_cost_job import Figures, Job
from views.lab_cost_series import TINY, fit
from views.lab_cost_setup import Cost
from views.widgets import plain

# What is drawn: the field of a figure, the size of its unit, and what is too small for the fit.
QUANTITIES = {
    "seconds": (1e-3, 0.0),
    "peak": (2.0**20, float(TINY)),
    "flops": (1e9, 0.0),
    "traffic": (2.0**20, 0.0),
}
Title = Callable[[str], str]


def draw(cost: Cost, job: Job, title_of: Title) -> None:
    """Four charts, the table of exponents, how it was measured, and the files."""
    figures = job.figures
    drawn = charts(figures, job.request.names, job.request.lengths, title_of)
    mount("lab_cost_charts", [svg(chart, alt(chart)) for chart in drawn])
    for name, reason in job.refusals.items():
        st.caption(t("lab.cost_refused", name=title_of(name), reason=plain(reason, 200)))
    if job.request.names != cost.names or _other_sizes(job, cost):
        st.caption(t("lab.cost_of_before", heads=job.request.heads, dim=job.request.dim))
    if figures:
        _table(figures, title_of)
    with st.expander(t("lab.cost_how_title")):
        st.markdown(t("lab.cost_how", heads=job.request.heads, dim=job.request.dim))
    if job.over and figures:
        _take(job, drawn)


def _other_sizes(job: Job, cost: Cost) -> bool:
    asked = job.request
    lengths = asked.lengths[-1] != cost.lengths[-1] and asked.lengths[-1] >= cost.lengths[-1]
    return lengths or (asked.heads, asked.dim) != (cost.heads, cost.dim)


def charts(
    figures: Figures, names: tuple[str, ...], lengths: tuple[int, ...], title_of: Title
) -> list[LogChart]:
    """Time, memory, operations and traffic against length."""
    return [
        LogChart(
            t(f"lab.cost_{quantity}"),
            t("lab.size_length"),
            tuple(map(float, lengths)),
            tuple(
                _line(quantity, figures.get(name, {}), title_of(name), style)
                for style, name in enumerate(names)
            ),
        )
        for quantity in QUANTITIES
    ]


def _line(quantity: str, found: dict[int, dict[str, Any]], title: str, style: int) -> Line:
    unit, floor = QUANTITIES[quantity]
    values = known(quantity, found)
    power, factor = fit(values, floor)
    points = tuple((float(n), value / unit) for n, value in values.items() if value > 0)
    if math.isnan(power):
        return Line(title, points, style)
    return Line(title, points, style, f"∝ n^{power:.2f}", (power, factor / unit))


def known(quantity: str, found: dict[int, dict[str, Any]]) -> dict[int, float]:
    """One quantity by length, where it was measured."""
    values = {n: figure[quantity] for n, figure in found.items()}
    return {n: float(value) for n, value in values.items() if value is not None}


def alt(chart: LogChart) -> str:
    """What a chart shows, in words."""
    said = [
        f"{line.name}: {short(round(line.points[0][1], 6))} – {line.points[-1][1]:.4g} {line.note}"
        for line in chart.lines
        if line.points
    ]
    return f"{chart.title}. {chart.x_label}. {'; '.join(said) or t('lab.cost_empty')}"


def _table(figures: Figures, title_of: Title) -> None:
    """A line for each variant: exponents, and the figures at the longest length it reached."""
    rows: list[dict[str, Any]] = []
    for name, found in figures.items():
        last = found[max(found)]
        row: dict[str, Any] = {t("lab.variant"): title_of(name), t("lab.size_length"): max(found)}
        for quantity, (unit, floor) in QUANTITIES.items():
            power = fit(known(quantity, found), floor)[0]
            value = last[quantity]
            row[t(f"lab.cost_{quantity}")] = None if value is None else value / unit
            row[t(f"lab.cost_{quantity}_power")] = "–" if math.isnan(power) else f"{power:.2f}"
        if last["flops"] and last["traffic"]:
            row[t("lab.cost_intensity")] = last["flops"] / last["traffic"]
        rows.append(row)
    columns = {
        key: [row.get(key) for row in rows] for key in dict.fromkeys(k for r in rows for k in r)
    }
    powers = {t(f"lab.cost_{quantity}_power") for quantity in QUANTITIES}  # text: some are absent
    st.dataframe(
        columns,
        hide_index=True,
        column_config={
            key: st.column_config.TextColumn(alignment="right")
            if key in powers
            else st.column_config.NumberColumn(format="%.3g")
            for key in list(columns)[2:]
        },
    )


def _take(job: Job, drawn: list[LogChart]) -> None:
    """The files, and the lines of code that measure this again."""
    makers: dict[str, tuple[str, Callable[[], bytes]]] = {
        "png": ("image/png", lambda: picture(drawn, "png")),
        "svg": ("image/svg+xml", lambda: picture(drawn, "svg")),
        "csv": ("text/csv", lambda: table_file(job.figures)),
        "npz": ("application/zip", lambda: arrays_file(job.figures)),
    }
    downloads(makers, "cost")
    with st.expander(t("lab.code_for_this")):
        st.code(snippet(job), language="python")


def downloads(makers: dict[str, tuple[str, Callable[[], bytes]]], name: str) -> None:
    """A button for each kind of file; a file is made when it is asked for."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for kind, (mime, make) in makers.items():
            st.download_button(
                kind.upper(),
                make,
                f"{name}.{kind}",
                mime,
                key=f"lab_{name}_export_{kind}",
                on_click="ignore",
                icon=":material/download:",
            )


def table_file(figures: Figures) -> bytes:
    """One line per figure: variant, length, seconds, bytes of the peak, FLOPs, bytes of traffic."""
    buffer = io.StringIO()
    lines = csv.writer(buffer, lineterminator="\n")
    lines.writerow(["variant", "length", "seconds", "peak_bytes", "flops", "traffic_bytes"])
    for name, found in figures.items():
        for length, figure in found.items():
            lines.writerow([name, length, *(figure[quantity] for quantity in QUANTITIES)])
    return buffer.getvalue().encode("utf-8-sig")


def arrays_file(figures: Figures) -> bytes:
    """For each variant its lengths, and an array for each quantity; NaN where it is not known."""
    arrays: dict[str, Any] = {}
    for name, found in figures.items():
        arrays[f"{name}_length"] = np.array(list(found))
        for quantity in QUANTITIES:
            values = [figure[quantity] for figure in found.values()]
            arrays[f"{name}_{quantity}"] = np.array(values, dtype=float)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def snippet(job: Job) -> str:
    """The lines that time the same calls in a notebook, run from the project's folder."""
    asked = job.request
    return code_of(asked.names, asked.lengths, asked.heads, asked.dim)


def code_of(names: tuple[str, ...], lengths: tuple[int, ...], heads: int, dim: int) -> str:
    """Lines that define and time `prepare(length)` of each variant."""
    from views import lab_cost_methods

    parts = [_IMPORTS.format(constants=_constants())]
    parts.append(inspect.getsource(lab_cost_methods.draw_three))
    for name in names:
        made = lab_cost_methods.code(name, heads, dim).strip("\n")
        parts.append(f"{made}\n\n\nprepared[{name!r}] = prepare")
    parts.append(_LOOP.format(lengths=list(lengths)))
    return "\n\n\n".join(part.strip("\n") for part in parts)


def _constants() -> str:
    from views.lab_cost_methods import CHUNK, POINTS, TILE, WINDOW

    return f"WINDOW, TILE, CHUNK, POINTS = {WINDOW}, {TILE}, {CHUNK}, {POINTS}"


_IMPORTS = """
import functools
import time

import torch
import torch.nn.functional as F
from torch import Tensor

import attention
from attention import gated_delta as deltas
from attention import gated_linear as gates
from attention import retention as retentions
from attention import state_space_dual as dual
from attention.flash import flash
from attention.flash_backward import flash_backward
from attention.induced_set import induced_set
from attention.inputs import draw
from attention.linear_chunked import linear_chunked
from attention.merge_partial import merge_partial
from attention.nystrom import nystrom
from attention.performer import performer
from attention.sliding_window import by_blocks

torch.set_num_threads(1)
{constants}
prepared = {{}}
"""
_LOOP = """
for name, prepare in prepared.items():
    for length in {lengths}:
        with torch.no_grad():
            work = prepare(length)
            work()
            started = time.perf_counter()
            work()
        print(f"{{name}} {{length}}: {{time.perf_counter() - started:.4f}} s")
"""
