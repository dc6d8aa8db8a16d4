"""Taking a comparison of own code away: pictures, tables, tensors, and the lines that make it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from grader.verdict import Array, ExampleResult
from views.charts import export
from views.charts.heatmap import Panel, shown
from views.i18n import t
from views.lab_code_inputs import Drawn
from views.lab_code_setup import Code
from views.lab_cost_panels import downloads


def exports(
    code: Code, example: ExampleResult, drawn: Drawn | None, panels: list[Panel], focus: int | None
) -> None:
    """The downloads of the last panel, the difference where there is one, and the code for it."""
    item = panels[-1]
    part = shown(item, focus, None)
    low, high = item.scale
    makers: dict[str, tuple[str, Callable[[], bytes]]] = {
        "png": ("image/png", lambda: export.png(part.tiles, part.columns, item.palette, low, high)),
        "svg": ("image/svg+xml", lambda: export.svg(item, part)),
        "csv": ("text/csv", lambda: export.csv(item, part)),
        "npz": ("application/zip", lambda: arrays_file(example)),
    }
    downloads(makers, f"{code.slug}-difference")
    with st.expander(t("lab.code_for_this")):
        st.caption(t("lab.code_save_first"))
        st.code(snippet(code, drawn), language="python")


def arrays_file(example: ExampleResult) -> bytes:
    """Inputs, yours and ours of one example."""
    arrays: dict[str, Any] = {}
    sides = {"yours": example.outputs or (), "expected": example.expected or ()}
    for name, value in example.inputs.items():
        if isinstance(value, Array):
            arrays[f"input_{name}"] = np.asarray(value.data)
    for side, values in sides.items():
        for index, value in enumerate(values):
            if isinstance(value, Array):
                arrays[f"{side}_{index + 1}"] = np.asarray(value.data)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def snippet(code: Code, drawn: Drawn | None) -> str:
    """The lines that run the same code on the same inputs, from the project's folder."""
    lines = ["from pathlib import Path", "", "import numpy as np", "", "from grader import Grader"]
    lines += ["", 'code = Path("answer.py").read_text(encoding="utf-8")']
    given = ""
    if drawn is not None:
        file = f"{code.slug}-difference.npz"
        lines.append(f'saved = np.load("{file}")')
        lines.append("inputs = {")
        for name, value in drawn.inputs.items():
            source = f'saved["input_{name}"].tolist()' if isinstance(value, list) else repr(value)
            lines.append(f"    {name!r}: {source},")
        lines.append("}")
        given = f", inputs, {drawn.arguments!r}"
    lines.append("with Grader() as grader:")
    lines.append(f"    result = grader.run({code.slug!r}, code{given})")
    at = 0 if drawn is not None else code.example
    lines.append(f"example = result.examples[{at}]")
    lines.append("for yours, expected in zip(example.outputs, example.expected):")
    lines.append("    print(np.abs(np.array(yours.data) - np.array(expected.data)).max())")
    return "\n".join(lines)
