"""Taking a failed check away: a figure, tables, tensors, and the code that repeats it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from views.charts.export import side_by_side
from views.charts.heatmap import Panel
from views.charts.tiles import Array
from views.i18n import t
from views.lab_cost_panels import downloads


def exports(
    verdict: Mapping[str, Any],
    check: Mapping[str, Any],
    panels: Sequence[Panel],
    arrays: Mapping[str, Array],
) -> None:
    """The downloads of what is shown, and the lines that judge the same code on the same inputs."""
    makers: dict[str, tuple[str, Callable[[], bytes]]] = {}
    if panels:
        makers["png"] = ("image/png", lambda: side_by_side(panels, "png"))
        makers["svg"] = ("image/svg+xml", lambda: side_by_side(panels, "svg"))
    if arrays:
        makers["csv"] = ("text/csv", lambda: table_file(arrays))
        makers["npz"] = ("application/zip", lambda: arrays_file(arrays))
    downloads(makers, "failed-check")
    if "seed" in verdict:
        with st.expander(t("lab.code_for_this")):
            st.caption(t("lab.verdict_save_first"))
            st.code(snippet(verdict["slug"], verdict["seed"], check["name"]), language="python")


def table_file(arrays: Mapping[str, Array]) -> bytes:
    """One line per element: tensor, index, value."""
    buffer = io.StringIO()
    lines = csv.writer(buffer, lineterminator="\n")
    lines.writerow(["tensor", "index", "value"])
    for name, array in arrays.items():
        for index, value in np.ndenumerate(array):
            lines.writerow([name, " ".join(map(str, index)), f"{value:.9g}"])
    return buffer.getvalue().encode("utf-8-sig")


def arrays_file(arrays: Mapping[str, Array]) -> bytes:
    """Every tensor under its name."""
    buffer = io.BytesIO()
    named: dict[str, Any] = {name.replace(" ", "_"): array for name, array in arrays.items()}
    np.savez_compressed(buffer, **named)
    return buffer.getvalue()


def snippet(slug: str, seed: int, name: str) -> str:
    """The lines that repeat the check with the same draws, from the project's folder."""
    return "\n".join(
        [
            "from pathlib import Path",
            "",
            "from grader import Grader",
            "",
            'code = Path("answer.py").read_text(encoding="utf-8")',
            "with Grader() as grader:",
            f"    verdict = grader.check({slug!r}, code, seed={seed})",
            f"check = next(check for check in verdict.checks if check.name == {name!r})",
            'print(check.message["en"])',
            "print(check.detail)",
        ]
    )
