"""The text component: token-to-token lines and the matrix of one head, linked.

It takes the heatmap's frame (see `heatmap.encode`) with one panel and its tokens as row names,
and under "more" the tokens' texts, kinds and the one that is pinned. Pointing at a token, a line's
end or a cell shows that token's row in all of them; a click keeps it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent
_SCRIPTS = ("heatmap_panel.js", "heatmap_view.js", "tokens_view.js")
_STYLES = ("heatmap.css", "tokens.css")


@cache
def _component() -> Any:
    """The component, registered when the first text is drawn."""
    import streamlit as st

    return st.components.v2.component(
        "headroom_tokens",
        html='<div class="heatmap tokens"></div>',
        css="\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in _STYLES),
        js="\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in _SCRIPTS),
    )


def mount(key: str, frame: bytes, on_select: Callable[[], None]) -> None:
    """Draw a frame in place under `key`.

    `on_select` runs when the person picks a head or pins a token; the choice is then in
    `st.session_state[key]["select"]` as {"kind": "stage" | "token", "value": …}.
    """
    _component()(key=key, data=frame, on_select_change=on_select)
