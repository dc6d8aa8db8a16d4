"""Questions: find one, recall the answer, compare, rate."""

import streamlit as st

from views.i18n import t
from views.recall.card import card
from views.recall.listing import listing
from views.session import bank
from views.widgets import data_errors, plain, show_address

PAGE = {"order": 3, "icon": ":material/quiz:", "key": "nav.questions", "layout": "centered"}


def render() -> None:
    """Draw the question that the address names, or the list."""
    show_address()
    asked = st.query_params.get("id")
    question = bank().get(asked) if asked else None
    if question:
        card(question)
        return
    st.title(t("questions.title"), anchor=False)
    if asked:
        st.warning(t("questions.unknown_id", id=plain(asked)), icon=":material/search_off:")
    listing()
    data_errors(bank().errors)
