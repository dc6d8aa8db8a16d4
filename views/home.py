"""Home: what to do next, and where one stands."""

import streamlit as st

from views.i18n import t

PAGE = {"order": 1, "icon": ":material/home:", "key": "nav.home", "layout": "centered"}


def render() -> None:
    """Draw the page."""
    st.title(t("nav.home"))
