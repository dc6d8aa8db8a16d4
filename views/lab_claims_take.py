"""Taking a claim's evidence away: a figure of its maps, tables, tensors, and its code."""

from __future__ import annotations

import csv
import inspect
import io
from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from views import lab_claims
from views.charts.export import side_by_side
from views.charts.heatmap import Panel
from views.i18n import t
from views.lab_claims import Evidence
from views.lab_cost_panels import downloads
from views.lab_setup import Setup


def exports(setup: Setup, found: Evidence, panels: Sequence[Panel]) -> None:
    """The downloads of all maps of the claim, the lines that make them, and how they are made."""
    makers: dict[str, tuple[str, Callable[[], bytes]]] = {
        "png": ("image/png", lambda: side_by_side(panels, "png")),
        "svg": ("image/svg+xml", lambda: side_by_side(panels, "svg")),
        "csv": ("text/csv", lambda: table_file(found)),
        "npz": ("application/zip", lambda: arrays_file(found)),
    }
    downloads(makers, f"claim-{setup.claim}")
    with st.expander(t("lab.code_for_this")):
        st.code(snippet(setup), language="python")
        st.caption(t("lab.claim_source"))
        st.code(inspect.getsource(getattr(lab_claims, setup.claim)), language="python")


def table_file(found: Evidence) -> bytes:
    """One line per cell: map, row, column, value."""
    buffer = io.StringIO()
    lines = csv.writer(buffer, lineterminator="\n")
    lines.writerow(["map", "row", "column", "value"])
    for name, tensor in found.maps.items():
        for (row, column), value in np.ndenumerate(tensor.float().numpy()):
            lines.writerow([name.removeprefix("claim_"), row, column, f"{value:.9g}"])
    return buffer.getvalue().encode("utf-8-sig")


def arrays_file(found: Evidence) -> bytes:
    """Every map by its name."""
    arrays = {name.removeprefix("claim_"): x.float().numpy() for name, x in found.maps.items()}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def snippet(setup: Setup) -> str:
    """The lines that compute and draw this in a notebook, run from the project's folder."""
    varied = {
        "scale": f", width={setup.claim_width}",
        "fill": f", precision={setup.claim_precision!r}",
        "distance": f", base={setup.claim_base}",
        "needle": f", rank={setup.claim_rank}",
    }.get(setup.claim, "")
    return "\n".join(
        [
            "import matplotlib.pyplot as plt",
            "",
            "from views.lab_claims import evidence",
            "",
            f"found = evidence({setup.claim!r}, seed={setup.seed}{varied})",
            "print(found.numbers)",
            "for name, weights in found.maps.items():",
            "    plt.figure()",
            "    plt.title(name)",
            "    plt.imshow(weights.float())",
            "    plt.colorbar()",
            "plt.show()",
        ]
    )
