"""The Claims view: choose a claim, see it computed, read why."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from views.charts import heatmap
from views.charts.heatmap import Panel
from views.i18n import t
from views.lab_call import as_stage
from views.lab_claims import WIDTHS, Evidence, evidence
from views.lab_controls import choose, choose_seed
from views.lab_panels import describe, labels, words
from views.lab_setup import CLAIM_PRECISIONS, CLAIMS, Setup
from views.lab_stages import MAP

_UNITS = {"claim_naive_gradient": "gradient", "claim_careful_gradient": "gradient"}


def controls(setup: Setup) -> Setup:
    """The claim, and the one or two things that can be varied in it."""
    claim = choose("lab_claim", t("lab.claim"), CLAIMS, lambda name: t(f"lab.claim_{name}"))
    seed = choose_seed()
    setup = replace(setup, claim=str(claim), seed=seed)
    if claim == "scale":
        width = choose("lab_claim_width", t("lab.size_dim"), WIDTHS, str)
        return replace(setup, claim_width=int(width))
    if claim == "fill":
        precision = choose("lab_claim_precision", t("lab.dtype"), CLAIM_PRECISIONS, str)
        return replace(setup, claim_precision=str(precision))
    return setup


def render(setup: Setup) -> None:
    """Draw the evidence side by side, and the claim with its numbers filled in."""
    found = evidence(setup.claim, setup.seed, setup.claim_width, setup.claim_precision)
    panels = [_panel(name, found) for name in found.maps]
    frame = heatmap.encode(panels, words(), alt=describe("weights", panels[-1]), picks=())
    heatmap.mount(MAP, frame, _nothing)
    numbers = {name: _number(value) for name, value in found.numbers.items()}
    st.markdown(t(f"lab.claim_{setup.claim}_why", **numbers))
    if found.table:
        _table(found)


def _panel(name: str, found: Evidence) -> Panel:
    stage = as_stage("weights", found.maps[name])
    kind = _UNITS.get(name, "weights")
    return Panel(
        title=t(f"lab.{name}"),
        values=stage.maps,
        labels=labels(stage),
        rows=t("lab.axis_query"),
        columns=t("lab.axis_key"),
        unit=t(f"lab.unit_{kind}"),
        signed=kind == "gradient",
        span=None if kind == "gradient" else (0.0, 1.0),
    )


def _table(found: Evidence) -> None:
    names = ("d", "root", "spread", "raw_top", "scaled_top", "raw_slope", "scaled_slope")
    columns = {t(f"lab.column_{n}"): [row[n] for row in found.table] for n in names}
    formats = {"d": "%d", "root": "%.1f", "spread": "%.1f"}
    st.dataframe(
        columns,
        hide_index=True,
        column_config={
            t(f"lab.column_{n}"): st.column_config.NumberColumn(format=formats.get(n, "%.3f"))
            for n in names
        },
    )


def _number(value: float) -> str:
    """A number as a sentence says it."""
    if value != value:
        return "NaN"
    if abs(value) == float("inf"):
        return "−∞" if value < 0 else "∞"
    if float(value).is_integer() and abs(value) < 1e12:
        return f"{value:,.0f}"
    return f"{value:,.3g}"


def _nothing() -> None:
    """The claims' maps are small: there is nothing to enlarge."""
