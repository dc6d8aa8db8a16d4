"""The Compare view: two variants, or one with two settings, on the same tensors."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from views import lab_compare_code, lab_compare_take
from views.charts import heatmap
from views.charts.tiles import largest
from views.i18n import t
from views.lab_call import Call, run
from views.lab_controls import variant_title
from views.lab_panels import (
    describe,
    difference,
    fit_focus,
    fit_zoom,
    labels,
    one_scale,
    panel_of,
    thumbnails,
    words,
)
from views.lab_setup import Setup
from views.lab_stages import MAP, call_of, choose_stage, picked, refused


def render(setup: Setup) -> None:
    """Draw both maps of a stage, their difference and its largest element."""
    if setup.code.slug:
        lab_compare_code.render(setup)
        return
    first = call_of(setup)
    if refused(setup, first):
        return
    second = run(setup, other=True, given=first.inputs)
    if refused(replace(setup, variant=setup.other, parameters=setup.other_parameters), second):
        return
    shared = [
        name
        for name, stage in first.stages.items()
        if name in second.stages and second.stages[name].maps.shape == stage.maps.shape
    ]
    if not shared:
        st.info(t("lab.compare_nothing"), icon=":material/compare:")
        return
    _maps(setup, first, second, shared)
    _inputs(first, second)


def _maps(setup: Setup, first: Call, second: Call, shared: list[str]) -> None:
    """A strip of the stages that both have; the two maps of one, and their difference."""
    name = choose_stage(setup, shared)
    stage, other = first.stages[name], second.stages[name]
    titles = (variant_title(setup.variant), variant_title(setup.other))
    left, right = one_scale(
        panel_of(stage, t("lab.compare_first", title=titles[0])),
        panel_of(other, t("lab.compare_second", title=titles[1])),
    )
    gap = difference(stage, other, t("lab.difference"))
    frame = heatmap.encode(
        [left, right, gap],
        words(),
        alt=describe(name, gap),
        strip=[item for item in thumbnails(first.stages) if item.name in shared],
        selected=name,
        focus=fit_focus(stage, setup.head),
        zoom=fit_zoom(stage, setup.zoom),
    )
    (tile, row, column), value = largest(gap.values)
    if value == 0:
        st.markdown(t("lab.compare_equal"))
    else:
        place = [labels(stage)[tile], f"{gap.rows} {row}", f"{gap.columns} {column}"]
        where = ", ".join(part for part in place if part)
        a, b = (f"{maps[tile, row, column]:.4g}" for maps in (stage.maps, other.maps))
        st.markdown(t("lab.compare_largest", value=f"{value:.4g}", where=where, a=a, b=b))
    heatmap.mount(MAP, frame, picked)
    head = fit_focus(stage, setup.head)
    head = tile if head is None else head
    lab_compare_take.exports(setup, first, second, name, [left, right, gap], head)


def _inputs(first: Call, second: Call) -> None:
    """Which tensors both were given, and which each has for itself."""
    given = {n for n, x in first.inputs.items() if n in second.inputs and second.inputs[n] is x}
    given |= {"mask"} & first.inputs.keys() & second.inputs.keys()
    own = (first.inputs.keys() | second.inputs.keys()) - given
    st.caption(t("lab.compare_same", names=", ".join(sorted(given)) or "–"))
    if own:
        st.caption(t("lab.compare_own", names=", ".join(sorted(own))))
