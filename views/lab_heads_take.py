"""Taking layers of heads, or their rollout, away: pictures, tables, tensors, code."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import streamlit as st

from views.charts import export
from views.charts.heatmap import Panel, Shown
from views.i18n import t
from views.lab_cost_panels import downloads
from views.lab_layers import Stack
from views.lab_setup import Setup


def exports(setup: Setup, stack: Stack, item: Panel, part: Shown) -> None:
    """The downloads of what is shown, and the code for it."""
    low, high = item.scale
    makers: dict[str, tuple[str, Callable[[], bytes]]] = {
        "png": ("image/png", lambda: export.png(part.tiles, part.columns, item.palette, low, high)),
        "svg": ("image/svg+xml", lambda: export.svg(item, part)),
        "csv": ("text/csv", lambda: export.csv(item, part)),
        "npz": ("application/zip", lambda: arrays_file(stack, item)),
    }
    if len(part.tiles) > _FIGURES:  # each map an axis of its own: minutes of matplotlib
        del makers["svg"]
    downloads(makers, "layers")
    with st.expander(t("lab.code_for_this")):
        st.caption(t("lab.layers_save_first"))
        st.code(snippet(setup, len(item.values)), language="python")


_FIGURES = 64


def arrays_file(stack: Stack, item: Panel) -> bytes:
    """The weights (layers, heads, queries, keys), and what is shown of them."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, weights=stack.weights, shown=item.values)
    return buffer.getvalue()


def snippet(setup: Setup, count: int) -> str:
    """The lines that draw one of `count` maps, in a notebook in the project's folder."""
    index = setup.head if setup.head is not None and setup.head < count else 0
    lines = ["import matplotlib.pyplot as plt", "import numpy as np"]
    weights = 'weights = np.load("layers.npz")["weights"]  # layers, heads, queries, keys'
    if setup.rollout:
        lines += ["import torch", "", "from attention.rollout import rollout", "", weights]
        lines.append(f"first = torch.from_numpy(weights[: {index} + 1, None])  # a batch of one")
        lines.append("image, _ = rollout(first)")
        lines.append('plt.imshow(image[0], cmap="viridis")')
    else:
        lines += ["", weights, "maps = weights.reshape(-1, *weights.shape[2:])"]
        lines.append(f'plt.imshow(maps[{index}], cmap="viridis")')
    return "\n".join([*lines, "plt.colorbar()", "plt.show()"])
