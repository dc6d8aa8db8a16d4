"""The Train view: two small models learn, or fail to learn, induction while one watches."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from models import runs
from models.induction import EVERY, STEPS
from models.runs import Run
from views.charts import heatmap
from views.charts.curves import mount
from views.i18n import t
from views.lab_controls import choose, choose_seed
from views.lab_panels import words
from views.lab_setup import TRAIN_HEADS, Setup
from views.lab_stages import MAP, picked
from views.lab_train_panels import alt_of, curves, heads_table, letters, panel_at, summary
from views.lab_train_take import take_away

_RUN = "lab_train_run"
_SETUP = "lab_setup"
_STEP = "lab_train_step"
_REFRESH = 0.4  # seconds between looks at a run that goes on


def controls(setup: Setup) -> Setup:
    """What decides a run: heads per layer and the seed."""
    heads = choose("lab_train_heads", t("lab.train_heads"), TRAIN_HEADS, str)
    seed = choose_seed()
    st.caption(t("lab.train_task"))
    return replace(setup, train_heads=int(heads), seed=seed)


def render(setup: Setup) -> None:
    """Draw the run of this seed: as it goes on, or what is kept of it."""
    run = _current(setup)
    with st.container(key="live_train"):
        if run is not None and run.active:
            st.fragment(_show, run_every=_REFRESH)(setup, run)
        else:
            _show(setup, run)
    with st.expander(t("lab.train_about_title")):
        st.markdown(t("lab.train_about"))


def _current(setup: Setup) -> Run | None:
    """This session's run if it is that of the set-up; else a finished one, else none.

    A link that names a step asks for a trained model, so its run begins by itself.
    """
    run: Run | None = st.session_state.get(_RUN)
    if run is not None and (run.seed, run.heads) != (setup.seed, setup.train_heads):
        run.stop()
        run = None
    if run is None:
        asked = runs.begin if setup.step is not None else runs.finished
        run = asked(setup.seed, setup.train_heads)
    st.session_state[_RUN] = run
    return run


def _show(setup: Setup, run: Run | None) -> None:
    """Buttons, curves, the slider, the maps and their scores; in one order whatever the state."""
    active = run is not None and run.active
    _buttons(run)
    _progress(run)
    step = _shown_step(setup, run)
    mount("lab_train_curves", curves(run, step))
    if run is None or not run.steps:
        return
    _slider(run, step)
    setup = st.session_state[_SETUP]
    item = panel_at(run, step)
    focus = setup.head if setup.head is not None and setup.head < len(item.values) else None
    st.markdown(summary(run, step))
    st.markdown(t("lab.train_sequence", letters=" ".join(letters(run))))
    alt = alt_of(run, step)
    frame = heatmap.encode([item], words(), alt=alt, focus=focus, zoom=setup.zoom)
    heatmap.mount(MAP, frame, picked)
    heads_table(run, step)
    if not active:
        take_away(run, step, item, heatmap.shown(item, focus, setup.zoom))


def _buttons(run: Run | None) -> None:
    active = run is not None and run.active
    done = run is not None and run.state == "done"
    with st.container(horizontal=True, gap="small"):
        st.button(
            t("lab.train_start"),
            icon=":material/play_arrow:",
            type="primary",
            key="lab_train_start",
            disabled=active or done,
            on_click=_start,
        )
        st.button(
            t("lab.train_stop"),
            icon=":material/stop:",
            key="lab_train_stop",
            disabled=not active,
            on_click=_stop,
        )
        st.button(
            t("lab.train_next"),
            icon=":material/casino:",
            key="lab_train_next",
            disabled=active,
            on_click=_next_seed,
        )


def _start() -> None:
    setup: Setup = st.session_state[_SETUP]
    st.session_state[_SETUP] = replace(setup, step=None)
    st.session_state[_RUN] = runs.begin(setup.seed, setup.train_heads)


def _stop() -> None:
    run: Run | None = st.session_state.get(_RUN)
    if run is not None:
        run.stop()
        run.join(2.0)  # a step takes milliseconds


def _next_seed() -> None:
    setup: Setup = st.session_state[_SETUP]
    st.session_state["lab_seed"] = setup.seed + 1
    st.session_state[_SETUP] = replace(setup, seed=setup.seed + 1)
    _start()


def _progress(run: Run | None) -> None:
    """How far the run is, and in words what it does; a finished one leaves its fragment."""
    if run is None:
        st.progress(0.0, t("lab.train_ready", steps=STEPS))
        return
    step = run.steps[-1] if run.steps else 0
    values = {"step": step, "steps": STEPS, "seconds": f"{run.seconds:.1f}", "why": run.reason}
    st.progress(step / STEPS, t(f"lab.train_{run.state}", **values))
    if not run.active and st.session_state.get("lab_train_watched") is run:
        del st.session_state["lab_train_watched"]
        st.rerun()
    if run.active:
        st.session_state["lab_train_watched"] = run


def _shown_step(setup: Setup, run: Run | None) -> int:
    """The step whose checkpoint is drawn: the newest while it goes on, then the one chosen."""
    if run is None or not run.steps:
        return 0
    last = run.steps[-1]
    if run.active or setup.step is None:
        return last
    return min(setup.step // EVERY * EVERY, last)


def _slider(run: Run, step: int) -> None:
    st.session_state[_STEP] = step
    st.slider(
        t("lab.train_step"),
        0,
        STEPS,  # also of a run that was stopped before: one cannot slide beyond its last
        step=EVERY,
        key=_STEP,
        disabled=run.active or len(run.steps) < 2,
        on_change=_slid,
        help=t("lab.train_step_help", every=EVERY),
    )


def _slid() -> None:
    setup: Setup = st.session_state[_SETUP]
    run: Run = st.session_state[_RUN]
    st.session_state[_SETUP] = replace(setup, step=min(st.session_state[_STEP], run.steps[-1]))
