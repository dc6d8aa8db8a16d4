"""Questions: find one, recall the answer, compare, rate."""

import streamlit as st

from views.i18n import t

PAGE = {"order": 2, "icon": ":material/quiz:", "key": "nav.questions", "layout": "centered"}


def render() -> None:
    """Draw the page."""
    st.title(t("nav.questions"))
