"""Small parts that several pages use: the header, links between pages, quiet notices."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from views import page_files
from views.i18n import HTML_LANGUAGES, LANGUAGES, choose, language, t
from views.session import store, store_errors, user

LOGO = str(Path(__file__).with_name("logo.svg"))
WORDMARK = Path(__file__).with_name("wordmark.svg")
STYLE = Path(__file__).with_name("style.css")


def page(name: str) -> st.Page:
    """The page of the module `name`, for the navigation and for links to it."""
    names = [file.name for file in page_files()]
    file = page_files()[names.index(name)]
    return st.Page(
        file.render,
        title=t(file.key),
        icon=file.icon,
        url_path=name,
        default=name == names[0],
    )


def link(name: str, label: str, icon: str = "", **query: str) -> None:
    """A link to the page `name`, with `query` in its address."""
    st.page_link(page(name), label=label, icon=icon, query_params=query or None)


def header() -> None:
    """The logo and the language switch at the top of every page."""
    st.logo(str(WORDMARK))
    st.html(STYLE)
    st.session_state["language_switch"] = language()  # the address may have changed it
    with st.container(key="header"):
        st.segmented_control(
            t("common.language"),
            list(LANGUAGES),
            required=True,
            format_func=LANGUAGES.__getitem__,
            key="language_switch",
            on_change=_switch,
            label_visibility="collapsed",
        )
        _declare_language()


def _switch() -> None:
    choose(st.session_state["language_switch"])
    with store_errors():
        store().set_setting(user(), "language", language())


def _declare_language() -> None:
    """Name the page's language in <html lang>, for screen readers and the choice of fonts."""
    st.html(
        f"<script>document.documentElement.lang = '{HTML_LANGUAGES[language()]}'</script>",
        unsafe_allow_javascript=True,
    )


def lines(texts: Mapping[str, str]) -> None:
    """Short facts as `name: text`, one a line."""
    st.caption("  \n".join(f"{name}: {text}" for name, text in texts.items()))
