"""One question: recall, compare with the answer, rate, go on."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from study.bank import Question
from study.store import RATINGS, RatingWord
from views.i18n import say, t
from views.recall.answering import answering
from views.recall.listing import back_to_list, meta, queue
from views.recall.model_answer import model_answer
from views.session import bank, kept, store, store_errors, user
from views.widgets import address, link, one_line

KEYS = Path(__file__).with_name("keys.js")
_SHOWN = "questions.shown"  # ids whose answer this session has revealed


def card(question: Question) -> None:
    """Draw the question with the ways to answer it, the model answer if revealed, and the bar."""
    st.set_page_config(page_title=f"{one_line(say(question.question))} · Headroom")
    ids = queue(question)
    _top(question, ids)
    st.title(one_line(say(question.question)), anchor=False)
    st.caption(meta(question, bank()))
    answering(question)
    _answer_and_bar(question, ids)


def _top(question: Question, ids: list[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="card_links"):
        with st.container():
            label, icon = t("questions.all"), ":material/arrow_back:"
            link("questions", label, icon=icon, **back_to_list())
        place = t("questions.place", n=ids.index(question.id) + 1, count=len(ids))
        st.caption(place, width="content")
    # The comment makes the script run anew for every question.
    script = f"<script>{KEYS.read_text('utf-8')}</script><!-- {question.id} -->"
    st.html(script, unsafe_allow_javascript=True)


@st.fragment
def _answer_and_bar(question: Question, ids: list[str]) -> None:
    """The model answer, or the button for it; at the foot of the window rating and next."""
    shown = question.id in st.session_state.setdefault(_SHOWN, set())
    if shown:
        model_answer(question)
    else:
        _show_button(question)
    with st.bottom, st.container(horizontal=True, key="card_bar"):
        if shown:
            _rating_buttons(question)
        with st.container(horizontal=True, horizontal_alignment="right", width="stretch"):
            _step_buttons(question, ids)


def _show_button(question: Question) -> None:
    st.button(
        t("questions.show"),
        key="show",
        type="primary",
        shortcut="a",
        on_click=lambda: st.session_state[_SHOWN].add(question.id),
    )


def _rating_buttons(question: Question) -> None:
    rating = kept(lambda: store().ratings(user()).get(question.id), None)
    for number, word in enumerate(RATINGS, start=1):
        st.button(
            t(f"questions.state_{word}"),
            key=f"rate_{word}",
            help=t(f"questions.rate_{word}"),
            shortcut=str(number),
            type="primary" if rating and rating.rating == word else "secondary",
            on_click=_rate,
            args=(question.id, word),
        )


def _rate(id: str, word: RatingWord) -> None:
    with store_errors():
        store().add_rating(user(), id, word)


def _step_buttons(question: Question, ids: list[str]) -> None:
    """Go to the questions before and after in the list."""
    at = ids.index(question.id)
    for key, shortcut, target in (("back", "p", at - 1), ("next", "n", at + 1)):
        exists = 0 <= target < len(ids)
        clicked = st.button(t(f"questions.{key}"), key=key, shortcut=shortcut, disabled=not exists)
        if clicked:
            address(id=ids[target])
            st.rerun()
