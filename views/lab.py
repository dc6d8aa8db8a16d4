"""Lab: one call of attention, stage by stage, on live tensors; everything chosen is in the link."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import streamlit as st

from views.i18n import t
from views.widgets import plain

if TYPE_CHECKING:
    from views.lab_setup import Setup

PAGE = {"order": 5, "icon": ":material/science:", "key": "nav.lab"}

_WRITTEN = "lab_written"
_SETUP = "lab_setup"
_COMPLAINTS = "lab_complaints"


def render() -> None:
    """Draw the page: the inputs of a failed check if the address names one, else the lab."""
    st.title(t("nav.lab"))
    if "torch" not in sys.modules:
        with st.spinner(t("lab.loading")):
            import torch  # noqa: F401 (about two seconds, the first time)
    if "submission" in st.query_params or "problem" in st.query_params:
        from views import lab_verdict

        lab_verdict.render()
        return
    _adopt_address()
    _lab()


def _adopt_address() -> None:
    """Take over what the address asks for, unless it is what the page itself wrote there."""
    import attention
    from views import lab_call, lab_controls, lab_setup

    query = {k: v for k, v in st.query_params.to_dict().items() if k != "lang"}
    known = _SETUP in st.session_state
    if known and (not query or query == st.session_state.get(_WRITTEN)):
        return
    names = list(attention.variants())
    setup, complaints = lab_setup.read(query, names, lab_call.knobs)
    st.session_state[_SETUP] = setup
    st.session_state[_COMPLAINTS] = complaints
    lab_controls.adopt(setup)


@st.fragment
def _lab() -> None:
    """Controls at the left, the chosen view at the right; a change redraws these alone."""
    import attention
    from views import (
        lab_claims_view,
        lab_compare,
        lab_controls,
        lab_cost,
        lab_heads,
        lab_stages,
        lab_text,
        lab_train,
    )

    views: dict[str, Any] = {
        "stages": lab_stages.render,
        "heads": lab_heads.render,
        "compare": lab_compare.render,
        "claims": lab_claims_view.render,
        "text": lab_text.render,
        "train": lab_train.render,
        "cost": lab_cost.render,
    }
    tab = lab_controls.choose_tab()
    left, right = st.columns([2, 7], gap="medium")
    with left:
        # Only a narrow window has this switch (see style.css): there the map comes first. Not in
        # the Text view, whose sentence is what one came for.
        folds = tab != "text"
        if folds:
            st.toggle(t("lab.settings"), key="lab_fold")
        with st.container(key="lab_controls" if folds else "lab_sentence"):
            setup = _controls(tab, list(attention.variants()))
    with right:
        _show_complaints()
        views[tab](setup)


def _controls(tab: str, names: list[str]) -> Setup:
    """Draw all controls and write what they say into the address."""
    from dataclasses import replace

    from views import (
        lab_call,
        lab_claims_view,
        lab_compare_code,
        lab_controls,
        lab_cost,
        lab_heads,
        lab_own,
        lab_setup,
        lab_text,
        lab_train,
    )

    # Views of something else than a variant have controls of their own.
    own = {
        "claims": lab_claims_view.controls,
        "text": lab_text.controls,
        "train": lab_train.controls,
        "cost": lab_cost.controls,
    }
    if tab == "compare" and lab_compare_code.wanted():
        own["compare"] = lab_compare_code.controls
    if tab in own:
        setup = own[tab](replace(st.session_state[_SETUP], tab=tab))
        st.session_state[_SETUP] = setup
        _write(lab_setup.write(setup, lab_call.knobs(setup.variant)))
        return setup
    name = lab_controls.choose_variant(names)
    knobs = lab_call.knobs(name)
    last: Setup = st.session_state[_SETUP]
    setup = replace(last, variant=name, tab=tab, other="", other_parameters={})
    setup = lab_setup.without_code(setup)
    others = None
    first = st.container()
    if tab == "compare":
        with st.spinner(t("lab.loading_variants")):
            fitting = [n for n in names if lab_setup.comparable(knobs, lab_call.knobs(n))]
        usual = lab_setup.usual_other(knobs, fitting, lab_call.knobs)
        other, parameters = lab_controls.other_controls(usual, fitting, lab_call.knobs)
        setup = replace(setup, other=other, other_parameters=parameters)
        others = lab_call.knobs(other)
    with first:
        setup = lab_controls.controls(setup, knobs, others, lab_own.settled(setup))
    if tab == "heads":
        setup = lab_heads.controls(setup)
    if tab in lab_own.TABS:
        setup = lab_own.control(setup)
    st.session_state[_SETUP] = setup
    _write(lab_setup.write(setup, knobs, others))
    return setup


def _write(query: dict[str, str]) -> None:
    """Put the set-up into the address, once per change, beside the language if that is there."""
    if query == st.session_state.get(_WRITTEN) and len(st.query_params) >= len(query):
        return
    st.session_state[_WRITTEN] = query
    kept = {k: v for k, v in st.query_params.to_dict().items() if k == "lang"}
    st.query_params.from_dict(kept | query)


def _show_complaints() -> None:
    """Say once what in the address was no good, and what is shown instead."""
    complaints = st.session_state.pop(_COMPLAINTS, [])
    if complaints:
        said = [
            t("lab.bad_value", name=plain(c.name), value=plain(c.value), used=plain(c.used, 400))
            if c.used
            else t("lab.unknown_name", name=plain(c.name))
            for c in complaints
        ]
        st.warning("  \n".join(said), icon=":material/link_off:")
