"""Small parts that several pages use: the header, links between pages, quiet notices."""

import re
from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from study.document import DataError
from views import page_files
from views.i18n import HTML_LANGUAGES, LANGUAGES, choose, language, t
from views.session import store, store_errors, user

LOGO = str(Path(__file__).with_name("logo.svg"))
WORDMARK = Path(__file__).with_name("wordmark.svg")
STYLE = Path(__file__).with_name("style.css")
_VISITED = "pages_visited"  # the page of the run before and of this one


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


def has_page(name: str) -> bool:
    """Whether there is a page of this name to link to."""
    return any(file.name == name for file in page_files())


def link(name: str, label: str, icon: str = "", **query: str) -> None:
    """A link to the page `name`, with `query` in its address. `label` is Markdown."""
    st.page_link(page(name), label=label, icon=icon, query_params=_with_language(query) or None)


def main_link(name: str, label: str, **query: str) -> None:
    """A link that looks like the page's main button.

    A button that calls st.switch_page would put the new query beside the old page's name into
    the browser's history, where Back finds it.
    """
    with st.container(key="main_link"):
        link(name, label, ":material/arrow_forward:", **query)


def open_page(name: str) -> None:
    """Go to the page `name`, as a button does."""
    st.switch_page(page(name), query_params=_with_language({}))


def address(**query: str) -> None:
    """Make `query` the page's address; the browser's Back returns to the one before."""
    st.query_params.from_dict(_with_language(query))


def show_address() -> None:
    """Have the browser show the query of a link within the page, which it does not by itself.

    A page with such links calls this. Not on arrival from another page: the browser, which shows
    the query by then, may still be at the old page and would put the two together.
    """
    before, here = st.session_state.get(_VISITED, (None, None))
    if before == here:
        address(**st.query_params.to_dict())


def _note_page() -> None:
    """Keep which page is shown, and which was before."""
    context = get_script_run_ctx()
    here = context.page_script_hash if context else None
    _, before = st.session_state.get(_VISITED, (None, None))
    st.session_state[_VISITED] = before, here


def _with_language(query: dict[str, str]) -> dict[str, str]:
    """A language in the address stays there."""
    asked = st.query_params.get("lang")
    return query | {"lang": asked} if asked in LANGUAGES else query


def header() -> None:
    """The logo and the language switch at the top of every page."""
    _note_page()
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


def facts(*texts: str) -> str:
    """Short facts side by side in one line."""
    return " · ".join(texts)


def one_line(markdown: str) -> str:
    """A text for a label, where line breaks would end it."""
    return " ".join(markdown.split())


def plain(text: str, longest: int = 80) -> str:
    """Somebody's text (from an address, say) for a place that renders Markdown: no markup acts."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", one_line(text)[:longest])  # ASCII punctuation


def data_errors(errors: Sequence[DataError]) -> None:
    """A quiet notice of the entries that could not be read, naming file, line and field."""
    if errors:
        title = t("common.data_errors", count=len(errors))
        with st.expander(title, icon=":material/warning:"):
            st.caption(t("common.data_errors_help"))
            st.code("\n".join(map(str, errors)), language=None, wrap_lines=True)
