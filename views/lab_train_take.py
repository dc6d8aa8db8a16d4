"""Taking a training run away: pictures, tables, every checkpoint, and the code that trains it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from models.induction import EVERY, STEPS
from models.runs import LAYERS, Run
from views.charts import export
from views.charts.curves import Chart, svg
from views.charts.heatmap import Panel, Shown
from views.i18n import t
from views.lab_train_panels import CURVES, charts, value_of


def take_away(run: Run, step: int, item: Panel, part: Shown) -> None:
    """The downloads of a run, and the code for it."""
    file = f"induction-seed{run.seed}-step{step}"
    low, high = item.scale
    drawn = charts(run, step)  # here: a download is made where no language is known
    makers: dict[str, tuple[str, str, Callable[[], bytes]]] = {
        "png": (
            "PNG",
            "image/png",
            lambda: export.png(part.tiles, part.columns, item.palette, low, high),
        ),
        "svg": ("SVG", "image/svg+xml", lambda: export.svg(item, part)),
        "csv": ("CSV", "text/csv", lambda: export.csv(item, part)),
        "curves_svg": (t("lab.train_curves_svg"), "image/svg+xml", lambda: curves_svg(drawn)),
        "curves_csv": (t("lab.train_curves_csv"), "text/csv", lambda: curves_csv(run)),
        "npz": ("NPZ", "application/zip", lambda: npz(run)),
    }
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for ending, (label, mime, make) in makers.items():
            st.download_button(
                label,
                make,
                f"{file}.{ending.replace('_', '.')}",
                mime,
                key=f"lab_train_{ending}",
                on_click="ignore",
                icon=":material/download:",
                help=t(f"lab.train_export_{ending}"),
            )
    with st.expander(t("lab.code_for_this")):
        st.code(snippet(run, step), language="python")


def curves_svg(drawn: list[Chart]) -> bytes:
    """The three charts below one another, as one figure in black."""
    pictures = [
        svg(chart, chart.title, "#000").replace("<svg ", f'<svg y="{200 * index}" height="190" ')
        for index, chart in enumerate(drawn)
    ]
    whole = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="1180" '
        f'viewBox="-10 -10 320 610">{"".join(pictures)}</svg>'
    )
    return whole.encode()


def curves_csv(run: Run) -> bytes:
    """A line per checkpoint, a column per model and curve."""
    buffer = io.StringIO()
    lines = csv.writer(buffer, lineterminator="\n")
    lines.writerow(["step", *(f"{name}_{layers}_layers" for layers in LAYERS for name in CURVES)])
    for step in run.steps:
        points = run.at(step)
        found = [value_of(name, points[layers]) for layers in LAYERS for name in CURVES]
        lines.writerow([step, *(f"{value:.9g}" for value in found)])
    return buffer.getvalue().encode("utf-8-sig")


def npz(run: Run) -> bytes:
    """Every checkpoint of both models: maps (steps, layers, heads, L, L), scores and curves."""
    arrays: dict[str, Any] = {"tokens": np.array(run.tokens), "steps": np.array(run.steps)}
    for layers in LAYERS:
        points = run.checkpoints[layers][: len(run.steps)]
        for name in ("maps", "previous", "induction", "loss", "accuracy"):
            arrays[f"{name}_{layers}"] = np.stack([getattr(point, name) for point in points])
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def snippet(run: Run, step: int) -> str:
    """The few lines that train the model again up to this step, run from the project's folder."""
    return "\n".join(
        [
            "import matplotlib.pyplot as plt",
            "from models.induction import Learner",
            "",
            f"learner = Learner(layers=2, heads={run.heads}, seed={run.seed})  # layers=1: control",
            f"for step in range({step}):  # of {STEPS}; a checkpoint every {EVERY}",
            "    learner.advance()",
            "found = learner.checkpoint()",
            'print(found.loss, found.accuracy, "previous", found.previous, "induction", '
            "found.induction)",
            'plt.imshow(found.maps[1, 0], cmap="viridis", vmin=0, vmax=1)  # layer 2, head 0',
            "plt.show()",
        ]
    )
