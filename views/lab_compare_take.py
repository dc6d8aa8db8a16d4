"""Taking a comparison of two variants away: a figure, tables, tensors, and its code."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from views.charts.export import side_by_side
from views.charts.heatmap import Panel
from views.i18n import t
from views.lab_call import Call, knobs
from views.lab_cost_panels import downloads
from views.lab_export import origin, steer_line
from views.lab_setup import Setup

FILE = "comparison"


def exports(
    setup: Setup, first: Call, second: Call, name: str, panels: Sequence[Panel], head: int
) -> None:
    """The downloads of one stage of both and their difference, and the code for it.

    The picture shows the map `head`, the tables all of them.
    """
    shown = [_only(panel, head) for panel in panels]
    makers: dict[str, tuple[str, Callable[[], bytes]]] = {
        "png": ("image/png", lambda: side_by_side(shown, "png")),
        "svg": ("image/svg+xml", lambda: side_by_side(shown, "svg")),
        "csv": ("text/csv", lambda: table_file(first, second, name)),
        "npz": ("application/zip", lambda: arrays_file(first, second, name)),
    }
    downloads(makers, FILE)
    with st.expander(t("lab.code_for_this")):
        st.caption(t("lab.compare_save_first"))
        st.code(snippet(setup, first, second, name, head), language="python")


def _only(panel: Panel, head: int) -> Panel:
    from dataclasses import replace

    return replace(
        panel,
        values=panel.values[head : head + 1],
        labels=panel.labels[head : head + 1],
        span=panel.scale,
        left=None,
        right=None,
    )


def table_file(first: Call, second: Call, name: str) -> bytes:
    """One line per element: index, first, second."""
    buffer = io.StringIO()
    lines = csv.writer(buffer, lineterminator="\n")
    lines.writerow(["map", "row", "column", "first", "second"])
    other = second.stages[name].maps
    for index, value in np.ndenumerate(first.stages[name].maps):
        lines.writerow([*index, f"{value:.9g}", f"{other[index]:.9g}"])
    return buffer.getvalue().encode("utf-8-sig")


def arrays_file(first: Call, second: Call, name: str) -> bytes:
    """The stage of both with its exact shape, and the inputs of both."""
    arrays: dict[str, Any] = {}
    for side, call in (("first", first), ("second", second)):
        stage = call.stages[name]
        arrays[f"{side}_{name.replace(' ', '_')}"] = stage.maps.reshape(stage.shape)
        for argument, tensor in call.inputs.items():
            arrays[f"{side}_input_{argument}"] = tensor.float().numpy()
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def snippet(setup: Setup, first: Call, second: Call, name: str, head: int) -> str:
    """The lines that call both on the inputs in the NPZ file and draw the difference."""
    lines = ["import attention", "import matplotlib.pyplot as plt", "import numpy as np"]
    lines += ["import torch", "from attention.stages import record", ""]
    lines += [f'saved = np.load("{FILE}.npz")']
    lines += _side("first", setup.variant, setup.parameters, first, name)
    lines += _side("second", setup.other, setup.other_parameters, second, name)
    rows, columns = first.stages[name].maps.shape[1:]
    return "\n".join(
        [
            "",
            *lines,
            "",
            f"difference = (first.float() - second.float()).reshape(-1, {rows}, {columns})",
            f'plt.imshow(difference[{head}].detach(), cmap="RdBu_r")',
            "plt.colorbar()",
            "plt.show()",
        ]
    ).lstrip("\n")


def _side(
    side: str, variant: str, parameters: Mapping[str, Any], call: Call, name: str
) -> list[str]:
    """One variant's call and the tensor of the stage, under the name of its side."""
    known = knobs(variant)
    lines = ["", "inputs = {"]
    for argument, tensor in call.inputs.items():
        read = f'torch.from_numpy(saved["{side}_input_{argument}"]).to({tensor.dtype})'
        lines.append(f'    "{argument}": {read},')
    lines.append("}")
    if call.factor != 1.0 and name not in call.early and name not in call.inputs:
        lines.append(steer_line(known.steer, call.factor))
    own = {key: value for key, value in parameters.items() if key not in known.added}
    given = "".join(f", {key}={value!r}" for key, value in own.items())
    lines += ["with record() as stages:"]
    lines += [f"    output, weights = attention.load({variant!r})(**inputs{given})"]
    return [*lines, origin(call, name), f"{side} = tensor"]
