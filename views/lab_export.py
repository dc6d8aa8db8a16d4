"""Taking a map away: PNG, SVG, CSV, NPZ, and the lines of code that make it again."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from views.charts import export
from views.charts.heatmap import Panel, Shown
from views.i18n import t
from views.lab_call import Call, knobs, sizes_for_draw
from views.lab_setup import Setup


def exports(setup: Setup, call: Call, name: str, part: Shown, item: Panel) -> None:
    """The downloads of what is shown, and the code for it."""
    file = file_name(setup, name)
    low, high = item.scale
    makers: dict[str, tuple[str, Callable[[], bytes]]] = {
        "png": ("image/png", lambda: export.png(part.tiles, part.columns, item.palette, low, high)),
        "svg": ("image/svg+xml", lambda: export.svg(item, part)),
        "csv": ("text/csv", lambda: export.csv(item, part)),
        "npz": ("application/zip", lambda: _npz(call)),
    }
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for kind, (mime, make) in makers.items():
            st.download_button(
                kind.upper(),
                make,
                f"{file}.{kind}",
                mime,
                key=f"lab_export_{kind}",
                on_click="ignore",
                icon=":material/download:",
                help=t(f"lab.export_{kind}"),
            )
    with st.expander(t("lab.code_for_this")):
        st.code(snippet(setup, name, call), language="python")


def _npz(call: Call) -> bytes:
    """Every input and every stage with its exact shape, in one file."""
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {f"input_{n}": x.float().numpy() for n, x in call.inputs.items()}
    for name, stage in call.stages.items():
        arrays[name.replace(" ", "_")] = stage.maps.reshape(stage.shape)
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def snippet(setup: Setup, name: str, call: Call) -> str:
    """The few lines that make this stage again in a notebook, run from the project's folder."""
    if call.own:
        return own_snippet(setup, name, call)
    sizes = sizes_for_draw(setup.variant, setup.sizes, setup.parameters)
    half = setup.dtype != "float32"
    lines = ["import attention"]
    lines += ["import matplotlib.pyplot as plt"]
    lines += ["import torch"] if half or "mask" in call.inputs else []
    lines += ["from attention.inputs import draw", "from attention.stages import record", ""]
    lines.append(f"function = attention.load({setup.variant!r})")
    dtype = f", dtype=torch.{setup.dtype}" if half else ""
    lines.append(f"inputs = draw(function, {sizes!r}, seed={setup.seed}{dtype})")
    if "mask" in call.inputs:
        lines += _mask_lines(setup, tuple(call.inputs["mask"].shape))
    known = knobs(setup.variant)
    if call.factor != 1.0 and name not in call.early and name not in call.inputs:
        lines.append(steer_line(known.steer, call.factor))
    own = {key: value for key, value in setup.parameters.items() if key not in known.added}
    given = "".join(f", {key}={value!r}" for key, value in own.items())
    lines += ["with record() as stages:", f"    output, weights = function(**inputs{given})"]
    lines += [f"{origin(call, name)}", ""]
    lines += _drawing_lines(call, name, setup.head)
    return "\n".join(lines)


def own_snippet(setup: Setup, name: str, call: Call) -> str:
    """The same for own tensors: all inputs come from the NPZ file that is offered here."""
    known = knobs(setup.variant)
    lines = ["import attention", "import matplotlib.pyplot as plt", "import numpy as np"]
    lines += ["import torch", "from attention.stages import record", ""]
    lines += [f"function = attention.load({setup.variant!r})"]
    lines += [f'saved = np.load("{file_name(setup, name)}.npz")', "inputs = {"]
    for argument, tensor in call.inputs.items():
        read = f'torch.from_numpy(saved["input_{argument}"]).to({tensor.dtype})'
        lines.append(f'    "{argument}": {read},')
    lines.append("}")
    if call.factor != 1.0 and name not in call.early and name not in call.inputs:
        lines.append(steer_line(known.steer, call.factor))
    own = {key: value for key, value in setup.parameters.items() if key not in known.added}
    given = "".join(f", {key}={value!r}" for key, value in own.items())
    lines += ["with record() as stages:", f"    output, weights = function(**inputs{given})"]
    return "\n".join([*lines, origin(call, name), "", *_drawing_lines(call, name, setup.head)])


def file_name(setup: Setup, name: str) -> str:
    """What the files of a stage are called, without their ending."""
    return f"{setup.variant}-{name.replace(' ', '-')}"


def steer_line(steer: str, factor: float) -> str:
    """The line that stands for scale and temperature where a variant has no such argument."""
    rows = '[: len(inputs["qkv_weight"]) // 3]' if steer == "qkv_weight" else "[:]"
    return f'inputs["{steer}"]{rows} *= {factor!r}  # scale and temperature of the scores'


def origin(call: Call, name: str) -> str:
    """Where the tensor of a stage is found after the call."""
    if name in call.recorded:
        return f"tensor = stages[{name!r}]"
    if name in call.inputs:
        return f"tensor = inputs[{name!r}]"
    return f"tensor = {name}"


def _mask_lines(setup: Setup, shape: tuple[int, ...]) -> list[str]:
    """A mask of this shape, as `views.lab_call.pairs` makes it."""
    queries, keys = (shape[-2] if len(shape) > 1 else 1), shape[-1]
    mask = setup.mask
    grid = [
        f"i = torch.arange({queries})[:, None] + {keys - queries}  # the last positions",
        f"j = torch.arange({keys})[None, :]",
    ]
    made = {
        "causal": [*grid, "mask = j <= i"],
        "window": [*grid, f"mask = (j <= i) & (j > i - {mask.window})"],
        "padding": [f"mask = (torch.arange({keys}) < {mask.valid}).expand({queries}, {keys})"],
        "random": [
            f"generator = torch.Generator().manual_seed({setup.seed})",
            f"mask = torch.rand({queries}, {keys}, generator=generator) < {mask.keep:g}",
        ],
    }[mask.kind]
    return [*made, f'inputs["mask"] = mask.reshape{shape}']


def _drawing_lines(call: Call, name: str, head: int | None) -> list[str]:
    stage = call.stages[name]
    rows, columns = stage.maps.shape[1:]
    palette = "RdBu_r" if stage.signed else "viridis"
    index = head if head is not None and head < len(stage.maps) else 0
    return [
        f"maps = tensor.detach().float().reshape(-1, {rows}, {columns})",
        f'plt.imshow(maps[{index}], cmap="{palette}")',
        "plt.colorbar()",
        "plt.show()",
    ]
