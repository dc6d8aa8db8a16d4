"""The control for own tensors in Stages and Heads, and what this visit has uploaded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import streamlit as st
import torch
from torch import Tensor

from views.i18n import t
from views.lab_layers import uploaded
from views.lab_own_fit import Fitted, fit
from views.lab_own_read import KINDS, MAX_FILE, Unfit, load, mib
from views.lab_setup import Setup
from views.widgets import plain

TABS = ("stages", "heads")
_UPLOAD = "lab_own_upload"
_OWN = "lab_own"
_SETUP = "lab_setup"


@dataclass(frozen=True)
class Own:
    """An uploaded file: its name, the first digits of its SHA-256, its tensors or what is wrong."""

    file: str
    digest: str
    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    trouble: Unfit | None = None


def current(setup: Setup) -> Own | None:
    """The file that the set-up speaks of, None if this visit has no such file."""
    own: Own | None = st.session_state.get(_OWN)
    return own if own is not None and own.digest == setup.own and not own.trouble else None


def fitted(setup: Setup) -> Fitted | None:
    """The own tensors as inputs of the set-up's variant, None without any. Raises Unfit."""
    own = current(setup)
    if own is None or setup.tab not in TABS:
        return None
    return fit(setup.variant, own.tensors, getattr(torch, setup.dtype))


def settled(setup: Setup) -> dict[str, int]:
    """The sizes that own tensors settle, so that no control offers them."""
    try:
        found = fitted(setup)
    except Unfit:
        return {}
    if found is None:
        return {}
    joined = {"heads": found.sizes["batch"]} if "batch" in found.sizes else {}
    return joined | found.sizes


def control(setup: Setup) -> Setup:
    """Draw the upload and what became of it."""
    with st.expander(t("lab.own"), expanded=bool(setup.own) or _OWN in st.session_state):
        st.file_uploader(
            t("lab.own_upload"),
            list(KINDS),
            key=_UPLOAD,
            on_change=_taken,
            help=t("lab.own_help", limit=mib(MAX_FILE)),
        )
        own: Own | None = st.session_state.get(_OWN)
        if own is not None and own.trouble is not None:
            st.error(words_of(own.trouble), icon=":material/error:")
        elif current(setup) is not None:
            _say_fit(setup)
        elif setup.own:
            st.info(t("lab.own_missing", digest=setup.own), icon=":material/upload_file:")
    return setup


def weights(setup: Setup) -> Tensor | None:
    """The uploaded tensor that Heads shows as weights, None if there is none."""
    own = current(setup)
    return uploaded(own.tensors) if own is not None and setup.tab == "heads" else None


def _say_fit(setup: Setup) -> None:
    if weights(setup) is not None:
        st.caption(t("lab.own_used", names="weights"))
        return
    try:
        found = fitted(setup)
    except Unfit as error:
        st.warning(words_of(error), icon=":material/rule:")
        return
    if found is not None:
        st.caption(t("lab.own_used", names=", ".join(map(plain, found.tensors))))
        if found.unused:
            st.caption(t("lab.own_unused", names=", ".join(map(plain, found.unused))))


def words_of(error: Unfit) -> str:
    """What is wrong with tensors, in the current language; names from the file are literal."""
    said = {k: plain(v, 200) if isinstance(v, str) else v for k, v in error.values.items()}
    return t(f"lab.own_{error.key}", **said)


def _taken() -> None:
    """Read what was uploaded, or forget what was taken away."""
    uploaded = st.session_state.get(_UPLOAD)
    setup: Setup = st.session_state[_SETUP]
    if uploaded is None:
        st.session_state.pop(_OWN, None)
        st.session_state[_SETUP] = replace(setup, own="")
        return
    data = uploaded.getvalue()
    digest = hashlib.sha256(data).hexdigest()[:12]
    try:
        own = Own(uploaded.name, digest, load(uploaded.name, data))
    except Unfit as error:
        own = Own(uploaded.name, digest, trouble=error)
    st.session_state[_OWN] = own
    st.session_state[_SETUP] = replace(
        setup, own="" if own.trouble else digest, head=None, zoom=None
    )
