"""The Text view: one's own sentence through a small transformer of ours, or somebody's model."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import streamlit as st

from models import text as model
from models.vocabulary import LONGEST, tokens
from views import lab_text_pretrained
from views.charts import heatmap
from views.charts.tokens import mount
from views.i18n import language, t
from views.lab_controls import MEMORY, text_area
from views.lab_measures import measure
from views.lab_setup import Setup
from views.lab_text_panels import (
    Reading,
    facts_table,
    frame_of,
    head_title,
    named,
    ordered,
    panel_of,
)
from views.lab_text_setup import EXAMPLES, MOST
from views.lab_text_take import take_away

_SETUP = "lab_setup"
_MAP = "lab_text_map"
_TEXT = "lab_text"
_HEAD = "lab_text_head"
UNKNOWN = ("name", "word", "character", "other")  # kinds of what the model does not know


def controls(setup: Setup) -> Setup:
    """The model, the sentence, and the head to look through: those with a name first."""
    name = lab_text_pretrained.choose_model()
    if name != setup.text.model:
        setup = replace(setup, text=replace(setup.text, model=name, head="", token=None))
    typed = text_area(_TEXT, t("lab.text_label"), first_example(), MOST)
    st.selectbox(
        t("lab.text_examples"),
        EXAMPLES,
        index=None,
        placeholder=t("lab.text_choose"),
        key="lab_text_example",
        on_change=_take_example,
    )
    kept = setup.text.token if typed == setup.text.text else None
    setup = replace(setup, text=replace(setup.text, text=typed, token=kept))
    reading = lab_text_pretrained.reading_of(setup.text) if name is not None else None
    if name is not None and reading is None:
        return setup  # its heads are not known yet
    heads = ordered(typed) if reading is None else list(reading.measured)
    head = setup.text.head if setup.text.head in heads else heads[0]
    st.session_state[_HEAD] = head
    st.selectbox(
        t("lab.head"),
        heads,
        format_func=lambda where: head_title(where, reading),
        key=_HEAD,
        on_change=_take_head,
        help=t("lab.text_head_help" if reading is None else "lab.pretrained_head_help"),
    )
    return replace(setup, text=replace(setup.text, head=head))


def first_example() -> str:
    """The sentence that stands there at first, in the person's language."""
    return EXAMPLES[1] if language() == "en" else EXAMPLES[3]


def render(setup: Setup) -> None:
    """Draw lines and matrix of the chosen head, and say what the model is and knows."""
    if setup.text.model is not None:
        reading = lab_text_pretrained.render(setup.text)
        if reading is not None:
            _draw(setup, reading)
        return
    found, lost = tokens(setup.text.text)
    if len(found) < 2:
        st.info(t("lab.text_empty"), icon=":material/edit:")
        return
    reading = Reading(tuple(found), model.attention([token.read for token in found]))
    _draw(setup, reading, lost)
    with st.expander(t("lab.text_about_title")):
        _about()


def _draw(setup: Setup, reading: Reading, lost: int = 0) -> None:
    """Lines and matrix of the chosen head with what is known of it, and the downloads."""
    layer, head = (int(part) for part in setup.text.head.split("."))
    pinned = setup.text.token if (setup.text.token or 0) < len(reading.tokens) else None
    item = panel_of(reading, layer - 1, head)
    mount(_MAP, frame_of(reading, setup.text.head, pinned), picked)
    if not reading.pretrained:
        _say_name(layer - 1, head)
    _say_measures(reading, layer - 1, head)
    if reading.pretrained:
        lab_text_pretrained.say_what_it_is(reading)
    else:
        _say_unknown(reading, lost)
    take_away(setup, reading, item, heatmap.shown(item, None, None))


def _about() -> None:
    """What our model is, and how its heads came by their names."""
    about = model.facts()
    st.markdown(
        t(
            "lab.text_about",
            weights=f"{about['weights']:,}",
            steps=f"{about['steps']:,}",
            batch=about["batch"],
            layers=model.LAYERS,
            heads=model.HEADS,
            longest=LONGEST,
        )
    )
    facts_table()


def picked() -> None:
    """Take over what was picked: a head in the strip, or a token to keep."""
    event: dict[str, Any] | None = (st.session_state.get(_MAP) or {}).get("select")
    if not event:
        return
    setup: Setup = st.session_state[_SETUP]
    kind, value = event.get("kind"), event.get("value")
    if kind == "stage":
        chosen = replace(setup.text, head=str(value))
    else:
        chosen = replace(setup.text, token=value if isinstance(value, int) else None)
    st.session_state[_SETUP] = replace(setup, text=chosen)


def _take_head() -> None:
    setup: Setup = st.session_state[_SETUP]
    chosen = replace(setup.text, head=str(st.session_state[_HEAD]))
    st.session_state[_SETUP] = replace(setup, text=chosen)


def _take_example() -> None:
    chosen = st.session_state["lab_text_example"]
    if chosen:
        st.session_state[_TEXT] = chosen
        st.session_state.setdefault(MEMORY, {})[_TEXT] = chosen
        st.session_state["lab_text_example"] = None


def _say_name(layer: int, head: int) -> None:
    """What the head is called and why, or that nothing in particular is known of it."""
    names = [entry for entry in named() if (entry.layer, entry.head) == (layer, head)]
    for entry in names:
        st.markdown(
            t(
                f"lab.text_says_{entry.kind}",
                score=f"{100 * entry.score:.0f}%",
                chance=f"{100 * entry.chance:.0f}%",
            )
        )
    if not names:
        st.markdown(t("lab.text_says_nothing"))


def _say_measures(reading: Reading, layer: int, head: int) -> None:
    found = measure(reading.maps[layer, head])
    st.caption(
        t(
            "lab.text_measures",
            entropy=f"{found.entropy:.2f}",
            distance=f"{found.distance:.2f}",
            strongest=f"{found.strongest:.2f}",
        )
    )


def _say_unknown(reading: Reading, lost: int) -> None:
    """What of the text the model does not know, or does not see at all."""
    unknown = {token.text: token.read for token in reading.tokens if not token.known}
    if unknown:
        said = ", ".join(
            f"{_safe(text)} ({t(f'lab.text_as_{kind_of(read)}')})" for text, read in unknown.items()
        )
        st.caption(t("lab.text_unknown", tokens=said))
    if lost:
        st.warning(t("lab.text_cut", longest=LONGEST - 1, lost=lost), icon=":material/content_cut:")


def _safe(text: str) -> str:
    """A token in Markdown, where none of its signs acts."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def kind_of(read: str) -> str:
    """The class of an unknown token as the strings name it: "name", "word", "character", …"""
    kind = read.strip("<>").split("-")[0]
    return kind if kind in UNKNOWN else "other"
