"""The Stages view: the path of one call, drawn in order, one stage of it large."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import streamlit as st

import attention
from views import lab_own
from views.charts import heatmap
from views.i18n import t
from views.lab_call import Call, Stage, run
from views.lab_controls import text_of
from views.lab_export import exports
from views.lab_formulas import Stages, code_line, formula
from views.lab_own_read import Unfit
from views.lab_panels import (
    describe,
    fit_focus,
    fit_zoom,
    panel,
    shape_text,
    stage_title,
    thumbnails,
    words,
)
from views.lab_setup import Setup, cells_of, misfit
from views.widgets import plain

MAP = "lab_map"
SLOW = 2**20  # cells from which a call may take a second
_SETUP = "lab_setup"


def render(setup: Setup) -> None:
    """Draw the strip of stages, the chosen one large, and what made it."""
    call = call_of(setup)
    if refused(setup, call):
        return
    name = choose_stage(setup, list(call.stages))
    stage = call.stages[name]
    item = panel(call.stages, name)
    focus, zoom = fit_focus(stage, setup.head), fit_zoom(stage, setup.zoom)
    frame = heatmap.encode(
        [item],
        words(),
        alt=describe(name, item),
        strip=thumbnails(call.stages),
        selected=name,
        focus=focus,
        zoom=zoom,
    )
    heatmap.mount(MAP, frame, picked)
    _explain(setup, call.stages, stage)
    exports(setup, call, name, heatmap.shown(item, focus, zoom), item)


def call_of(setup: Setup) -> Call:
    """The call of a set-up; the last one is kept, since picking a stage or head repeats it."""
    own = setup.own if setup.tab in lab_own.TABS else ""
    key = replace(setup, tab="", stage="", head=None, zoom=None, other="", other_parameters={})
    key = replace(key, own=own)
    kept: tuple[Setup, Call] | None = st.session_state.get("lab_call")
    if kept is None or kept[0] != key:
        cells = cells_of(setup.sizes, setup.parameters)
        slow = st.spinner(t("lab.computing", cells=f"{cells:,}")) if cells > SLOW else nullcontext()
        with slow:
            kept = (key, _run(setup))
        st.session_state["lab_call"] = kept
    return kept[1]


def _run(setup: Setup) -> Call:
    """The call, on own tensors where there are any."""
    try:
        fitted = lab_own.fitted(setup)
    except Unfit as error:
        return Call(refusal=lab_own.words_of(error))
    if fitted is None:
        return run(setup)
    call = run(setup, given=fitted.tensors, sizes=fitted.sizes)
    missed = [n for n, x in fitted.tensors.items() if call.inputs.get(n) is not x]
    if missed and not call.refusal:
        return Call(refusal=t("lab.own_not_taken", names=", ".join(missed)))
    return replace(call, own=True)


def refused(setup: Setup, call: Call) -> bool:
    """Where the map would be, say why there is none."""
    if not call.refusal:
        return False
    if fault := misfit(setup):
        named = {
            key: text_of("size", text_of("parameter", value)) if isinstance(value, str) else value
            for key, value in fault[1].items()
        }
        said = t("lab.refused", reason=t(f"lab.misfit_{fault[0]}", **named))
    elif setup.own and setup.tab in lab_own.TABS:
        said = t("lab.refused", reason=call.refusal)
    else:
        said = t("lab.refused_python", reason=plain(call.refusal, 300))
    st.warning(said, icon=":material/tune:")
    return True


def picked() -> None:
    """Take over what was picked on the map: a stage, a head or a rectangle."""
    event: dict[str, Any] | None = (st.session_state.get(MAP) or {}).get("select")
    if not event:
        return
    setup: Setup = st.session_state[_SETUP]
    kind, value = event.get("kind"), event.get("value")
    if kind == "stage":
        setup = replace(setup, stage=str(value), zoom=None)
    elif kind == "head":
        setup = replace(setup, head=value if isinstance(value, int) else None, zoom=None)
    elif kind == "zoom" and isinstance(value, dict):
        area = heatmap.Zoom(*(int(value[side]) for side in ("top", "bottom", "left", "right")))
        setup = replace(setup, head=int(value["head"]), zoom=area)
    elif kind == "zoom":
        setup = replace(setup, zoom=None)
    st.session_state[_SETUP] = setup


def choose_stage(setup: Setup, names: list[str]) -> str:
    """The stage to draw of those there are: the one asked for, else the weights, else the last."""
    return next((name for name in (setup.stage, "weights") if name in names), names[-1])


def _formula(stages: Stages, name: str) -> str:
    """The formula of a stage; the last one is kept, since it was held against every element."""
    kept: tuple[Any, str, str] | None = st.session_state.get("lab_formula")
    if kept is None or kept[0] is not stages or kept[1] != name:
        kept = (stages, name, formula(stages, name))
        st.session_state["lab_formula"] = kept
    return kept[2]


def _explain(setup: Setup, stages: Stages, stage: Stage) -> None:
    """Shape, formula and code of the stage under the map."""
    st.markdown(
        f"**{stage_title(stage.name)}** · `{stage.name}` · {shape_text(stage.shape)} "
        f"· {stage.dtype}"
    )
    if latex := _formula(stages, stage.name):
        st.latex(latex)
        st.caption(t("lab.formula_checked"))
    elif code := code_line(setup.variant, stage.name):
        st.code(f"{stage.base} = {code}", language="python")
    with st.expander(t("lab.source", title=attention.variants()[setup.variant].paper)):
        st.code(attention.source(setup.variant), language="python")
