"""The half of the Text view that is about models in the `transformers` format: choice and state."""

from __future__ import annotations

import os
from typing import Any

import streamlit as st

from models import pretrained
from models.pretrained import OWN, PUBLIC, Limits, Pretrained, Trouble
from views.i18n import t
from views.lab_controls import choose, text_line
from views.lab_text_job import Busy, Job, Shelf
from views.lab_text_panels import Reading
from views.lab_text_setup import MOST_NAME, Text
from views.session import reachable_by_others
from views.widgets import plain

SOURCES = ("own", "pretrained")
FIRST = "openai-community/gpt2"
_BUSY = "lab_text_busy"
_READ = "lab_text_read"
_POLL = 0.7  # s
# Where the bar stands when a step begins; only the files that are fetched can be counted.
STEPS = {"asking": 0.0, "fetching": 0.0, "importing": 0.9, "loading": 0.95}
TROUBLES = {
    "package": "extension",
    "local": "folder_off",
    "folder": "folder_off",
    "unknown": "search_off",
    "gated": "lock",
    "offline": "wifi_off",
    "format": "block",
    "family": "block",
    "large": "block",
    "layers": "block",
    "missing": "error",
    "load": "error",
    "weights": "visibility_off",
    "run": "error",
    "long": "content_cut",
    "empty": "edit",
}  # kinds with their icons
_PYTHON = r".venv\Scripts\python" if os.name == "nt" else ".venv/bin/python"
INSTALL = f'{_PYTHON} -m pip install "transformers>=5"'


def limits() -> Limits:
    """What this host allows: less where strangers can load models."""
    return PUBLIC if reachable_by_others() else OWN


@st.cache_resource(show_spinner=False)
def shelf() -> Shelf:
    """The one place where this app loads models."""
    return Shelf(limits())


def choose_model() -> str | None:
    """The name of a model to load, "" if none is typed yet; None for this project's own."""
    source = choose(
        "lab_text_source", t("lab.pretrained_source"), SOURCES, lambda s: t(f"lab.pretrained_{s}")
    )
    if source == "own":
        return None
    folders = "folders" if limits().folders else "no_folders"
    help_text = t(f"lab.pretrained_{folders}")
    return text_line("lab_text_model", t("lab.pretrained_name"), FIRST, MOST_NAME, help_text)


def reading_of(chosen: Text) -> Reading | None:
    """The text as the chosen model sees it; None while the model is not there or cannot read it."""
    found = _read(chosen)
    return found if isinstance(found, Reading) else None


def _read(chosen: Text) -> Reading | Trouble | None:
    """A reading, what is wrong with it, or None without a model; the last one is kept."""
    job = shelf().find(chosen.model or "")
    if job is None or job.model is None:
        st.session_state.pop(_READ, None)
        return None
    key = (chosen.model, chosen.text)
    last = st.session_state.get(_READ)
    if last is None or last[0] != key:
        last = (key, _run(job.model, chosen.text))
        st.session_state[_READ] = last
    result: Reading | Trouble = last[1]
    return result


def _run(model: Pretrained, text: str) -> Reading | Trouble:
    with st.spinner(t("lab.pretrained_running")):
        try:
            tokens, maps = model.read(text)
        except Trouble as trouble:
            return Trouble(trouble.kind, **trouble.values)  # without its traceback
    return Reading(tuple(tokens), maps, model.name) if len(tokens) > 1 else Trouble("empty")


def render(chosen: Text) -> Reading | None:
    """Where the model stands: a button, a progress bar, what is wrong; else what it has read."""
    job = shelf().find(chosen.model or "")
    with st.container(key="live_model"):
        if job is not None and not job.over:
            st.fragment(_progress, run_every=_POLL)(job.name)
            return None
        found = _read(chosen)
        if found is None:
            _offer(chosen.model or "", job)
        elif isinstance(found, Trouble):
            tell(found)
    return found if isinstance(found, Reading) else None


def _progress(name: str) -> None:
    """Drawn again and again while a model is on its way."""
    job = shelf().find(name)
    if job is None or job.over:
        st.rerun()
    fetched = min(1.0, job.done / job.total) if job.total else 0.0
    share = STEPS[job.step] + fetched * STEPS["importing"]
    st.progress(share, state_of(job, shelf().before(job)))


def state_of(job: Job, before: int) -> str:
    """Where a load stands, in one line."""
    if job.state == "waiting":
        return t("lab.pretrained_waiting", before=before)
    return t(
        f"lab.pretrained_{job.step}",
        name=plain(job.name),
        done=_mib(job.done),
        total=_mib(job.total),
    )


def _offer(name: str, job: Job | None) -> None:
    """The button that loads a model, and what came of the last time it was pressed."""
    st.button(
        t("lab.pretrained_load" if job is None else "lab.pretrained_again"),
        icon=":material/download:",
        type="primary" if job is None else "secondary",
        key="lab_text_load",
        disabled=not name,
        on_click=_start,
        args=(name,),
    )
    if st.session_state.pop(_BUSY, False):
        st.warning(t("lab.pretrained_busy"), icon=":material/hourglass_empty:")
    if not pretrained.installed():
        tell(Trouble("package"))
    elif job is not None and job.trouble is not None:
        tell(job.trouble)
    allowed = limits()
    where = t(f"lab.pretrained_{'folders' if allowed.folders else 'no_folders'}")
    st.caption(where)
    st.caption(
        t(
            "lab.pretrained_terms",
            families=", ".join(pretrained.FAMILIES),
            room=_mib(allowed.room),
            longest=pretrained.MOST_TOKENS,
        )
    )


def _start(name: str) -> None:
    st.session_state.pop(_READ, None)
    try:
        shelf().begin(name)
    except Busy:
        st.session_state[_BUSY] = True


def tell(trouble: Trouble) -> None:
    """Say why there is nothing to see, and what one can do about it."""
    values: dict[str, Any] = {
        k: plain(v, 240) if isinstance(v, str) else v for k, v in trouble.values.items()
    }
    for name in {"size", "limit"} & values.keys() if trouble.kind == "large" else ():
        values[name] = _mib(values[name])
    message = t(f"lab.pretrained_not_{trouble.kind}", **values)
    say = st.info if trouble.kind in ("package", "empty") else st.warning
    say(message, icon=f":material/{TROUBLES[trouble.kind]}:")
    if trouble.kind == "package":
        st.code(INSTALL, language="sh")


def say_what_it_is(reading: Reading) -> None:
    """The model in numbers, and what the names of its heads are worth."""
    job = shelf().find(reading.pretrained)
    if job is not None and job.model is not None:
        model = job.model
        st.caption(
            t(
                "lab.pretrained_about",
                name=plain(model.name),
                family=model.family,
                parameters=f"{model.parameters:,}",
                layers=model.layers,
                heads=model.heads,
            )
        )


def _mib(size: int) -> str:
    return f"{size / 2**20:,.0f}"
