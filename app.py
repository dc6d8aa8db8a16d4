"""Headroom: page config, the header that every page shares, and navigation."""

import streamlit as st

from views import page_files
from views.i18n import settle, t
from views.session import kept, said_once, store, store_errors, user
from views.widgets import LOGO, header, page


@said_once()
def main() -> None:
    """Draw the header and the page that the address names."""
    settle(kept(lambda: store().setting(user(), "language"), None))
    # Before the navigation: without an icon of our own the browser fetches the page's from afar.
    st.set_page_config(page_icon=LOGO, menu_items={"About": t("common.about")})
    files = {page(file.name).url_path: file for file in page_files()}
    current = st.navigation([page(file.name) for file in files.values()], position="top")
    layout = files[current.url_path].layout
    st.set_page_config(page_title=f"{current.title} · Headroom", layout=layout)
    header()
    with store_errors():
        current.run()


main()
