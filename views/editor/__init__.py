"""The code editor: CodeMirror 6, bundled into one file, as a Streamlit component.

What is where:

    source/        the editor's JavaScript: text and revisions (index), when text is sent (sync),
                   the copy kept in the browser (journal), error marks (marks), keys and language
                   (setup), colours (theme)
    editor.js      the bundle of source/ and its packages, committed, so that running the app
                   needs neither node nor a network; LICENCES.txt goes with it
    saved.js       "saved 1 s ago"
    timer.js       the stopwatch

To change the editor: `npm ci && npm run build` in this folder; `npm run check` tells whether
editor.js is what source/ gives. Packages are pinned exactly (`codemirror` must stay 6.0.2: on the
registry 6.65.7 is version 5 in disguise).

How text travels. The editor starts from `Document.text` and keeps what is typed over reruns. It
sends its text 400 ms after the last keystroke, at least once a second while typing, on blur, and
with every run or submission. Text from Python enters only with a higher revision. What Python
has not yet confirmed through `saved_line` is kept in the browser and wins over an older draft
when the editor appears again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from views.i18n import t

FOLDER = Path(__file__).parent
HEIGHT = "clamp(22rem, 62vh, 48rem)"  # reserved before the bundle has loaded: nothing jumps

_EDITOR_CSS = f"""
:host {{ display: block; }}
[data-editor] {{
  height: {HEIGHT}; min-height: 10rem; resize: vertical; overflow: hidden;
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
  background: var(--st-background-color);
}}
[data-editor]:focus-within {{
  border-color: var(--st-primary-color); box-shadow: 0 0 0 1px var(--st-primary-color);
}}
"""
_SAVED_CSS = """
[data-saved] {
  font: 0.875rem/2.5rem var(--st-font); color: var(--st-text-color); opacity: 0.75;
  font-variant-numeric: tabular-nums; white-space: nowrap;
}
[data-saved][data-failed] { color: var(--st-red-text-color); opacity: 1; white-space: normal; }
"""
_TIMER_CSS = """
[data-timer] {
  display: flex; gap: 0.5rem; align-items: baseline; justify-content: flex-end;
  font: 0.875rem/2 var(--st-font); color: var(--st-text-color);
}
[data-time] { font-size: 1.125rem; font-variant-numeric: tabular-nums; }
[data-time][data-over] { color: var(--st-orange-text-color); }
button {
  font: inherit; color: inherit; background: none; cursor: pointer; padding: 0 0.5rem;
  border: 1px solid transparent; border-radius: var(--st-button-radius); opacity: 0.75;
}
button:hover, button:focus-visible { border-color: var(--st-border-color); opacity: 1; }
"""
_TIMER_HTML = """<div data-timer><span data-time role="timer"></span>
<button type="button" data-toggle></button><button type="button" data-restart></button></div>"""

# CodeMirror's own words, by the key of our translation.
_PHRASES = {
    "Find": "find",
    "Replace": "replace_with",
    "next": "next",
    "previous": "previous",
    "all": "all",
    "match case": "match_case",
    "regexp": "regexp",
    "by word": "by_word",
    "replace": "replace",
    "replace all": "replace_all",
    "close": "close",
    "current match": "current_match",
    "on line": "on_line",
    "replaced match on line $": "replaced_match",
    "replaced $ matches": "replaced_matches",
    "Go to line": "go_to_line",
    "go": "go",
    "Completions": "completions",
    "Selection deleted": "selection_deleted",
    "Fold line": "fold_line",
    "Unfold line": "unfold_line",
    "Folded lines": "folded_lines",
    "Unfolded lines": "unfolded_lines",
    "to": "to",
    "folded code": "folded_code",
    "unfold": "unfold",
    "Control character": "control_character",
}


@dataclass(frozen=True)
class Typed:
    """The text as it was typed; `seq` grows with every change, over page loads too."""

    code: str
    seq: int


@dataclass(frozen=True)
class Marks:
    """Failing lines as (line from 1, message); shown anew when `id` changes."""

    id: str = ""
    items: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Document:
    """What the editor starts from, and replaces its text by when `revision` grows.

    `journal` names the browser's own copy: one per user and text. A new `visit` starts from
    `text`; within one, an editor that has to be drawn anew goes on with what was typed.
    `saved_at` is when `text` was stored, in seconds since 1970; 0 if it never was.
    """

    text: str
    journal: str
    visit: int
    revision: int = 0
    saved_at: float = 0.0


def new_revision() -> int:
    """A revision above all earlier ones, of this session or another: the time in ms."""
    return time.time_ns() // 1_000_000


def code_editor(
    key: str,
    document: Document,
    marks: Marks,
    *,
    label: str,
    on_text: Callable[[Typed], None],
    on_run: Callable[[Typed], None],
    on_submit: Callable[[Typed], None],
) -> None:
    """The editor. The callbacks run before the rerun that follows what the user did."""
    data = {
        "text": document.text,
        "journal": document.journal,
        "visit": document.visit,
        "revision": document.revision,
        "saved_at": document.saved_at * 1000,
        "marks": {
            "id": marks.id,
            "items": [{"line": line, "message": message} for line, message in marks.items],
        },
        "words": _words(label),
    }

    def tell(event: str, hear: Callable[[Typed], None]) -> Callable[[], None]:
        return lambda: _tell(key, event, hear)

    _components()["editor"](
        key=key,
        data=data,
        on_text_change=tell("text", on_text),
        on_run_change=tell("run", on_run),
        on_submit_change=tell("submit", on_submit),
        on_redraw_change=st.rerun,
    )


def typed(key: str) -> Typed | None:
    """The text that the editor `key` sent last, or None if it sent none yet."""
    return _typed(key, "text")


def saved_line(key: str, *, seq: int, age: float | None, failure: str = "") -> None:
    """When the text was stored: `age` seconds ago as of `seq`, or never (None).

    A `failure` stands in its place and leaves the browser's copy where it is.
    """
    units = ("saving", "nothing", "seconds", "minutes", "hours", "days")
    words = {unit: t(f"editor.saved_{unit}") for unit in units}
    data = {"seq": seq, "age": age, "failure": failure, "words": words}
    _components()["saved"](key=key, data=data, width="content")


def timer(key: str, *, name: str, minutes: int) -> None:
    """A stopwatch kept in the browser under `name`; it tints itself after `minutes`."""
    words = {word: t(f"editor.timer_{word}") for word in ("pause", "go", "restart")}
    _components()["timer"](key=key, data={"name": name, "minutes": minutes, "words": words})


@cache
def _components() -> dict[str, Callable[..., Any]]:
    """The components, registered once: their sources are read on first use."""
    component = st.components.v2.component
    return {
        "editor": component(
            "headroom.editor", html="<div data-editor></div>", css=_EDITOR_CSS, js=_js("editor")
        ),
        "saved": component(
            "headroom.saved", html="<span data-saved></span>", css=_SAVED_CSS, js=_js("saved")
        ),
        "timer": component("headroom.timer", html=_TIMER_HTML, css=_TIMER_CSS, js=_js("timer")),
    }


def _js(name: str) -> str:
    return (FOLDER / f"{name}.js").read_text("utf-8")


def _words(label: str) -> dict[str, Any]:
    phrases = {phrase: t(f"editor.{name}") for phrase, name in _PHRASES.items()}
    return {
        "label": label,
        "help": t("editor.help"),
        "left": t("editor.left"),
        "phrases": phrases,
    }


def _tell(key: str, event: str, hear: Callable[[Typed], None]) -> None:
    said = _typed(key, event)
    if said is not None:
        hear(said)


def _typed(key: str, event: str) -> Typed | None:
    said = st.session_state.get(key, {}).get(event)
    if not said:
        return None
    return Typed(str(said["code"]), int(said["seq"]))
