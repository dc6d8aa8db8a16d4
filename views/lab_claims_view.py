"""The Claims view: choose a claim, see it computed, read why."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from views import lab_claims_take
from views.charts import heatmap
from views.charts.heatmap import Panel
from views.i18n import t
from views.lab_call import as_stage
from views.lab_claims import WIDTHS, Evidence, evidence
from views.lab_controls import choose, choose_seed
from views.lab_panels import describe, labels, words
from views.lab_setup import CLAIM_BASES, CLAIM_PRECISIONS, CLAIM_RANKS, CLAIMS, Setup
from views.lab_stages import MAP

_UNITS = {
    "claim_naive_gradient": "gradient",
    "claim_careful_gradient": "gradient",
    "claim_same_plain": "scores",
    "claim_same_turned": "scores",
    "claim_cut": "weights",
}
_SIGNED = {"claim_naive_gradient", "claim_careful_gradient", "claim_cut"}
_SIGNED |= {"claim_same_plain", "claim_same_turned"}
ROUNDING = 1e-6  # what float32 leaves of a zero in a product of three matrices
# What the table of a claim shows, and how many digits of it.
_COLUMNS = {
    "scale": ("d", "root", "spread", "raw_top", "scaled_top", "raw_slope", "scaled_slope"),
    "distance": ("distance", "same", "spread"),
    "needle": ("rank", "before", "after", "found", "error"),
}
_FORMATS = {"d": "%d", "root": "%.1f", "distance": "%d", "rank": "%d", "found": "percent"}


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
    if claim == "distance":
        base = choose("lab_claim_base", t("lab.parameter_base"), CLAIM_BASES, _thousands)
        return replace(setup, claim_base=int(base))
    if claim == "needle":
        rank = choose("lab_claim_rank", t("lab.size_rank"), CLAIM_RANKS, str)
        return replace(setup, claim_rank=int(rank))
    return setup


def _thousands(text: str) -> str:
    return f"{int(text):,}"


def found_for(setup: Setup) -> Evidence:
    """What is computed for the claim that is chosen."""
    return evidence(
        setup.claim,
        setup.seed,
        setup.claim_width,
        setup.claim_precision,
        setup.claim_base,
        setup.claim_rank,
    )


def render(setup: Setup) -> None:
    """Draw the evidence side by side, and the claim with its numbers filled in."""
    found = found_for(setup)
    st.markdown(f"#### {t(f'lab.claim_{setup.claim}')}", anchors=False)
    panels = [_panel(name, found) for name in found.maps]
    frame = heatmap.encode(panels, words(), alt=describe("weights", panels[-1]), picks=())
    heatmap.mount(MAP, frame, _nothing)
    st.markdown(why(setup.claim, found))
    if found.table:
        _table(setup.claim, found)
    lab_claims_take.exports(setup, found, panels)


def why(claim: str, found: Evidence) -> str:
    """The claim explained, with the numbers of its evidence."""
    words = {name: _number(value) for name, value in found.numbers.items()}
    if claim == "needle":
        negative = found.numbers["lowest"] < -ROUNDING
        words["negative"] = t("lab.claim_needle_negative") if negative else ""
    return t(f"lab.claim_{claim}_why", **words)


def _panel(name: str, found: Evidence) -> Panel:
    stage = as_stage("weights", found.maps[name])
    kind = _UNITS.get(name, "weights")
    signed = name in _SIGNED
    return Panel(
        title=t(f"lab.{name}"),
        values=stage.maps,
        labels=labels(stage),
        rows=t("lab.axis_query"),
        columns=t("lab.axis_key"),
        unit=t(f"lab.unit_{kind}"),
        signed=signed,
        span=None if signed else (0.0, 1.0),
    )


def _table(claim: str, found: Evidence) -> None:
    names = _COLUMNS[claim]
    titles = {
        n: t(f"lab.column_{claim}_{n}" if claim != "scale" else f"lab.column_{n}") for n in names
    }
    columns = {titles[n]: [row[n] for row in found.table] for n in names}
    st.dataframe(
        columns,
        hide_index=True,
        column_config={
            titles[n]: st.column_config.NumberColumn(format=_format(claim, n)) for n in names
        },
    )


def _format(claim: str, name: str) -> str:
    if claim == "scale" and name == "spread":
        return "%.1f"
    return _FORMATS.get(name, "%.3f")


def _number(value: float) -> str:
    """A number as a sentence says it."""
    if value != value:
        return "NaN"
    if abs(value) == float("inf"):
        return "−∞" if value < 0 else "∞"
    whole = 1000 <= abs(value) < 1e12 or float(value).is_integer()
    text = f"{value:,.0f}" if whole and abs(value) < 1e12 else f"{value:.3g}"
    return text.replace("e+", "e").replace("-", "−")


def _nothing() -> None:
    """The claims' maps are small: there is nothing to enlarge."""
