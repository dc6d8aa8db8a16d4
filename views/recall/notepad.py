"""The box for one's own answer, which saves itself while one types.

Streamlit's own text area sends its text only when it is left; a crash in between would lose it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from views.i18n import t

_HTML = '<label for="own"></label><textarea id="own" rows="4"></textarea><p role="status"></p>'
_CSS = """
label { display: block; font: 0.875rem/1.6 var(--st-font); color: var(--st-text-color); }
textarea {
  display: block; box-sizing: border-box; width: 100%; min-height: 6.5rem; max-height: 60vh;
  padding: 0.6rem 0.75rem; resize: vertical;
  font: 1rem/1.6 var(--st-font); color: var(--st-text-color);
  background: var(--st-secondary-background-color);
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
}
textarea::placeholder { color: var(--st-text-color); opacity: 0.6; }
textarea:focus {
  outline: none; border-color: var(--st-primary-color);
  box-shadow: 0 0 0 1px var(--st-primary-color);
}
p {
  min-height: 1.4em; margin: 0.25rem 0 0; text-align: right;
  font: 0.8125rem/1.4 var(--st-font); color: var(--st-text-color); opacity: 0.7;
}
p[data-failed] { color: var(--st-red-text-color); opacity: 1; }
"""


def notepad(
    key: str,
    text: str,
    *,
    journal: str,
    failure: str = "",
    on_text: Callable[[str], None],
) -> None:
    """The box, starting from `text`, what is stored.

    `journal` names the browser's copy of unsaved text, one per user and question. `on_text`
    hears the text before the rerun that shows it as saved; a `failure` is shown in place of that.
    """
    words = {word: t(f"questions.own_{word}") for word in ("label", "placeholder", "saved")}
    words["saving"] = t("questions.own_saving")
    data = {
        "text": text,
        "journal": journal,
        "failure": failure,
        "words": words,
    }
    _component()(key=key, data=data, on_text_change=lambda: _tell(key, on_text))


def _tell(key: str, on_text: Callable[[str], None]) -> None:
    sent = st.session_state.get(key, {}).get("text")
    if sent is not None:
        on_text(str(sent["text"]))


@cache
def _component() -> Callable[..., Any]:
    """The component, registered once, on first use."""
    return st.components.v2.component(
        "headroom.notepad",
        html=_HTML,
        css=_CSS,
        js=Path(__file__).with_name("notepad.js").read_text("utf-8"),
    )
