"""Headroom: page config, the header that every page shares, and navigation."""

import streamlit as st

from views import page_files
from views.i18n import settle
from views.session import kept, store, user
from views.widgets import LOGO, header, page


def main() -> None:
    """Draw the header and the page that the address names."""
    st.set_page_config(page_title="Headroom", page_icon=LOGO, layout="wide")
    settle(kept(lambda: store().setting(user(), "language"), None))
    current = st.navigation([page(file.name) for file in page_files()], position="top")
    header()
    current.run()


main()
