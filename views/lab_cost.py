"""The Cost view: what attention costs, measured here and now, and what a KV cache takes."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

import attention
from views import lab_cost_cache, lab_cost_panels
from views.i18n import t
from views.lab_controls import choose, choose_several, choose_whole, titles, variant_title
from views.lab_cost_job import OWN, PUBLIC, Bench, Busy, Job, Limits, Request
from views.lab_cost_methods import measurable
from views.lab_cost_models import CONTEXTS, MODELS, STORED
from views.lab_cost_setup import FUSED, LONGEST, MAX_BATCH, MAX_HEADS, MOST, WIDTHS, Cost
from views.lab_setup import Setup
from views.session import reachable_by_others

_JOB = "lab_cost_job"
_BUSY = "lab_cost_busy"
_POLL = 0.7  # s


def title_of(name: str) -> str:
    """What a measured method is called."""
    return t("lab.cost_fused") if name == FUSED else variant_title(name)


def controls(setup: Setup) -> Setup:
    """What to measure, and whose cache to draw."""
    names_of = {FUSED: t("lab.cost_fused")} | titles()
    known = [FUSED, *(name for name in attention.variants() if measurable(name))]
    allowed = [n for n in LONGEST if int(n) <= limits().longest]
    label = t("lab.cost_variants")
    names = choose_several("lab_cost_names", label, known, MOST, names_of.__getitem__)
    longest = choose("lab_cost_longest", t("lab.cost_longest"), allowed, str)
    with st.container(horizontal=True, gap="small"):
        heads = choose_whole("lab_cost_heads", t("lab.size_heads"), 1, MAX_HEADS)
        dim = choose("lab_cost_dim", t("lab.size_dim"), WIDTHS, str)
    st.markdown(f"**{t('lab.cost_cache')}**")
    models = choose_several(
        "lab_cost_models", t("lab.cost_models"), list(MODELS), MOST, lambda n: MODELS[n].name
    )
    context = choose("lab_cost_context", t("lab.cost_context"), [*map(str, CONTEXTS)], _thousands)
    with st.container(horizontal=True, gap="small"):
        batch = choose_whole("lab_cost_batch", t("lab.cost_batch"), 1, MAX_BATCH)
        stored = choose("lab_cost_stored", t("lab.cost_stored"), STORED, str)
    chosen = Cost(
        names=names,
        longest=int(longest),
        heads=heads,
        dim=int(dim),
        models=models,
        context=int(context),
        batch=batch,
        stored=str(stored),
    )
    return replace(setup, cost=chosen)


def _thousands(text: str) -> str:
    return f"{int(text):,}"


def render(setup: Setup) -> None:
    """Measured costs first, then the cache, which needs no measuring."""
    st.subheader(t("lab.cost_measured"))
    job: Job | None = st.session_state.get(_JOB)
    with st.container(key="live_cost"):
        if job is not None and not job.over:
            st.fragment(_progress, run_every=_POLL)(setup.cost)
        else:
            _measured(setup.cost, job)
    st.subheader(t("lab.cost_cache"))
    lab_cost_cache.render(setup.cost)


def limits() -> Limits:
    """What this host allows: less where strangers can measure."""
    return PUBLIC if reachable_by_others() else OWN


@st.cache_resource(show_spinner=False)
def bench() -> Bench:
    """The one place where this app measures."""
    return Bench(limits())


def _progress(cost: Cost) -> None:
    """Drawn again and again while a measurement is on its way."""
    job: Job = st.session_state[_JOB]
    if job.over:
        st.rerun()
    _measured(cost, job)


def _measured(cost: Cost, job: Job | None) -> None:
    """The button and the state of the measurement; charts and figures as far as they are there."""
    with st.container(horizontal=True, vertical_alignment="center", key="lab_cost_bar"):
        if job is not None and not job.over:
            st.button(
                t("lab.cost_stop"), icon=":material/stop:", on_click=_stop, key="lab_cost_stop"
            )
            st.progress(job.done / job.total, text=_state(job))
        else:
            st.button(
                t("lab.cost_start"),
                icon=":material/timer:",
                on_click=_start,
                args=(cost,),
                disabled=not cost.names,
                key="lab_cost_start",
                type="secondary" if job else "primary",
            )
            st.caption(_state(job))
    if st.session_state.pop(_BUSY, False):
        st.warning(t("lab.cost_busy"), icon=":material/hourglass_empty:")
    if job is not None:
        lab_cost_panels.draw(cost, job, title_of)


def _start(cost: Cost) -> None:
    """Ask for a measurement; one that this visit still had on its way is given up."""
    _stop()
    allowed = limits()
    request = Request(
        cost.names,
        tuple(n for n in cost.lengths if n <= allowed.longest),
        cost.heads,
        cost.dim,
        allowed.room,
        allowed.seconds,
    )
    try:
        st.session_state[_JOB] = bench().submit(request)
    except Busy:
        st.session_state[_BUSY] = True


def _stop() -> None:
    job: Job | None = st.session_state.get(_JOB)
    if job is not None:
        bench().stop(job)


def _state(job: Job | None) -> str:
    """Where a measurement stands, in one line."""
    if job is None:
        return t("lab.cost_not_yet", seconds=round(limits().seconds))
    if job.state == "waiting":
        return t("lab.cost_waiting", before=bench().before(job))
    if job.state == "running" and not job.figures:
        return t("lab.cost_starting")
    if job.state == "running":
        name, length = job.doing or (job.request.names[-1], job.request.lengths[-1])
        values = {"done": job.done, "total": job.total, "name": title_of(name)}
        return t("lab.cost_running", length=f"{length:,}", **values)
    if job.state == "failed":
        return t("lab.cost_failed", reason=job.trouble or "–")
    return t(f"lab.cost_{job.state}", seconds=round(job.request.seconds))
