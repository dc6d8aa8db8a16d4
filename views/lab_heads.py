"""The Heads view: the weights of all heads, and what each head does in numbers."""

from __future__ import annotations

import streamlit as st

from views.charts import heatmap
from views.i18n import t
from views.lab_call import Stage
from views.lab_export import exports
from views.lab_measures import Measures, measure
from views.lab_panels import describe, fit_focus, fit_zoom, labels, panel, words
from views.lab_setup import Setup
from views.lab_stages import MAP, call_of, picked, refused

_MEASURED = 64  # heads in the table at most


def render(setup: Setup) -> None:
    """Draw the grid of heads and the table of their measures."""
    call = call_of(setup)
    if refused(setup, call):
        return
    if "weights" not in call.stages:
        st.info(t("lab.no_weights"), icon=":material/visibility_off:")
        return
    stage = call.stages["weights"]
    item = panel(call.stages, "weights")
    focus, zoom = fit_focus(stage, setup.head), fit_zoom(stage, setup.zoom)
    frame = heatmap.encode([item], words(), alt=describe("weights", item), focus=focus, zoom=zoom)
    heatmap.mount(MAP, frame, picked)
    _table(stage, focus)
    with st.expander(t("lab.measures_title")):
        st.markdown(t("lab.measures"))
    exports(setup, call, "weights", heatmap.shown(item, focus, zoom), item)


def _table(stage: Stage, focus: int | None) -> None:
    """One line per head, or the one line of the head that is enlarged."""
    shown = range(min(len(stage.maps), _MEASURED)) if focus is None else [focus]
    names = labels(stage)
    found = [(names[index] or "0", measure(stage.maps[index])) for index in shown]
    columns = {
        t("lab.head"): [name for name, _ in found],
        t("lab.entropy"): [m.entropy for _, m in found],
        t("lab.distance"): [m.distance for _, m in found],
        t("lab.strongest"): [m.strongest for _, m in found],
        t("lab.pattern"): [_name(m) for _, m in found],
        t("lab.share"): [m.share for _, m in found],
    }
    st.dataframe(
        columns,
        hide_index=True,
        column_config={
            t("lab.entropy"): st.column_config.NumberColumn(format="%.2f"),
            t("lab.distance"): st.column_config.NumberColumn(format="%.2f"),
            t("lab.strongest"): st.column_config.NumberColumn(format="%.3f"),
            t("lab.share"): st.column_config.NumberColumn(format="percent"),
        },
    )


def _name(measures: Measures) -> str:
    return t(f"lab.pattern_{measures.pattern}")
