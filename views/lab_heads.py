"""The Heads view: the weights of all heads and layers, what each head does, and rollout."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from views import lab_heads_take, lab_own
from views.charts import heatmap
from views.charts.heatmap import Panel
from views.i18n import language, t
from views.lab_call import Stage, are_shares
from views.lab_controls import choose_truth, choose_whole
from views.lab_export import exports
from views.lab_layers import Stack, drawn, of_own, rolled_out
from views.lab_measures import Measures, measure
from views.lab_own_read import Unfit
from views.lab_panels import axes, describe, fit_focus, fit_zoom, labels, panel, words
from views.lab_setup import MAX_CELLS, MAX_LAYERS, Setup, cells_of
from views.lab_stages import MAP, call_of, picked, refused

_STACK = "lab_stack"


def controls(setup: Setup) -> Setup:
    """How many layers, and whether to follow the attention through them."""
    st.markdown(f"**{t('lab.layers_title')}**")
    layers = choose_whole("lab_layers", t("lab.layers"), 1, MAX_LAYERS)
    rollout = choose_truth("lab_rollout", t("lab.rollout"), t("lab.rollout_help"))
    return replace(setup, layers=layers, rollout=rollout)


def render(setup: Setup) -> None:
    """Draw the grid of heads and the table of their measures."""
    own = lab_own.weights(setup)
    if own is None and setup.layers == 1 and not setup.rollout:
        _one_layer(setup)
        return
    try:
        stack = of_own(own) if own is not None else _drawn(setup)
        if stack is not None:
            _layers(setup, stack)
    except Unfit as error:
        st.warning(lab_own.words_of(error), icon=":material/rule:")


def _one_layer(setup: Setup) -> None:
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
    if stage.is_pairwise:
        _table(_measured(stage), labels(stage), focus)
        _explain()
    exports(setup, call, "weights", heatmap.shown(item, focus, zoom), item)


def _drawn(setup: Setup) -> Stack | None:
    """The stack of layers, kept while only the view of it changes; None with the reason told."""
    key = replace(setup, stage="", head=None, zoom=None, rollout=False, other="", own="")
    last = st.session_state.get(_STACK)
    if last is None or last[0] != key:
        cells = setup.layers * cells_of(setup.sizes, setup.parameters)
        with st.spinner(t("lab.computing", cells=f"{cells:,}")):
            last = (key, drawn(setup))
        st.session_state[_STACK] = last
    found: Stack | str = last[1]
    if isinstance(found, Stack):
        return found
    call = call_of(replace(setup, layers=1))
    cells = setup.layers * cells_of(setup.sizes, setup.parameters)
    if cells > MAX_CELLS:
        reason = t("lab.layers_cells", cells=f"{cells:,}", limit=f"{MAX_CELLS:,}")
        st.warning(t("lab.refused", reason=reason), icon=":material/tune:")
    elif not refused(setup, call):
        st.info(t("lab.no_weights"), icon=":material/visibility_off:")
    return None


def _layers(setup: Setup, stack: Stack) -> None:
    """All heads of all layers, a row for each layer, or the rollout after each layer."""
    drawn_like = replace(setup, layers=1, own="")  # own tensors are no part of a drawn stack
    first = None if stack.kind == "own" else call_of(drawn_like).stages.get("weights")
    item = _panel_of(setup, stack, first)
    stage = _as_stage(item)
    focus, zoom = fit_focus(stage, setup.head), fit_zoom(stage, setup.zoom)
    name = "rollout" if setup.rollout else "weights"
    alt = describe(name, item)
    frame = heatmap.encode([item], words(), alt=alt, focus=focus, zoom=zoom)
    heatmap.mount(MAP, frame, picked)
    st.caption(t(f"lab.layers_{stack.kind}"))
    if setup.rollout:
        with st.expander(t("lab.rollout_title")):
            st.markdown(t("lab.rollout_how"))
    elif first is None or first.is_pairwise:
        _table(_measured(stage), item.labels, focus)
        _explain()
    part = heatmap.shown(item, focus, zoom)
    lab_heads_take.exports(setup, stack, item, part)


def _panel_of(setup: Setup, stack: Stack, first: Stage | None) -> Panel:
    """The panel of a stack; the last one is kept, for its range and its reduction take time."""
    key = (setup.rollout, language())
    last = st.session_state.get("lab_stack_panel")
    if last is None or last[0] is not stack or last[1] != key:
        made = rollout_panel(stack) if setup.rollout else grid_panel(stack, first)
        last = (stack, key, made)
        st.session_state["lab_stack_panel"] = last
    found: Panel = last[2]
    return found


def grid_panel(stack: Stack, first: Stage | None = None) -> Panel:
    """Every head of every layer, as many side by side as there are heads.

    `first` is the stage of the first layer, which names maps and axes that are not those of heads.
    """
    layers, heads = stack.weights.shape[:2]
    form, head, comma = t("lab.layer_n", layer="{layer}"), t("lab.axis_head"), t("lab.comma")
    each = labels(first) if first is not None else [f"{head} {n}" for n in range(heads)]
    names = tuple(
        comma.join(filter(None, (form.format(layer=layer), name)))
        for layer in range(layers)
        for name in each
    )
    title = t("lab.layers_grid") if layers > 1 else t("lab.stage_weights")
    item = _panel(title, stack.maps, names, heads if layers > 1 else 0)
    if first is None:
        return item
    rows, columns = axes(first)
    return replace(item, rows=rows, columns=columns)


def rollout_panel(stack: Stack) -> Panel:
    """How much each input position reaches each position after each layer. Raises Unfit."""
    steps = rolled_out(stack)
    names = tuple(t("lab.after_layer", layer=layer) for layer in range(len(steps)))
    return _panel(t("lab.rollout"), steps, names, 0)


def _panel(title: str, maps: Any, names: tuple[str, ...], across: int) -> Panel:
    return Panel(
        title=title,
        values=maps,
        labels=names,
        rows=t("lab.axis_query"),
        columns=t("lab.axis_key"),
        unit=t("lab.unit_weights" if are_shares(maps) else "lab.unit_plain"),
        signed=bool((maps < 0).any()),
        across=across,
    )


def _as_stage(item: Panel) -> Stage:
    shape = item.values.shape
    return Stage("weights", shape, "float32", item.values, tuple(np.ndindex(*shape[:1])))


def _measured(stage: Stage) -> list[Measures]:
    """The measures of every map; the last ones are kept, since a change of view repeats them."""
    last = st.session_state.get("lab_measured")
    if last is None or last[0] is not stage.maps:
        last = (stage.maps, [measure(one) for one in stage.maps])
        st.session_state["lab_measured"] = last
    found: list[Measures] = last[1]
    return found


def _table(measured: list[Measures], names: tuple[str, ...], focus: int | None) -> None:
    """One line per head, or the one line of the head that is enlarged."""
    shown = range(len(measured)) if focus is None else [focus]
    found = [(names[index] or "0", measured[index]) for index in shown]
    titles = {name: t(f"lab.pattern_{name}") for name in {m.pattern for _, m in found}}
    columns = {
        t("lab.head"): [name for name, _ in found],
        t("lab.entropy"): [m.entropy for _, m in found],
        t("lab.distance"): [m.distance for _, m in found],
        t("lab.strongest"): [m.strongest for _, m in found],
        t("lab.pattern"): [titles[m.pattern] for _, m in found],
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


def _explain() -> None:
    with st.expander(t("lab.measures_title")):
        st.markdown(t("lab.measures"))
