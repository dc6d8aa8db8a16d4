"""SVG charts on the page: a component, since `st.html` takes SVG out of what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

_CSS = """
.figures { color: var(--st-text-color); font-family: var(--st-font); }
.figures { display: grid; gap: 1.5rem 2.5rem; max-width: 68rem; }
.figures { grid-template-columns: repeat(auto-fill, minmax(min(100%, 25rem), 1fr)); }
"""
_SCRIPT = """
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector('.figures')
  if (root.dataset.shown === data) return
  root.dataset.shown = data
  root.innerHTML = data
}
"""


@cache
def _component() -> Any:
    """The component, registered when the first chart is drawn."""
    import streamlit as st

    return st.components.v2.component(
        "headroom_figures", html='<div class="figures"></div>', css=_CSS, js=_SCRIPT
    )


def mount(key: str, svgs: Sequence[str]) -> None:
    """Draw SVG elements side by side, in place, under `key`. Their texts must be escaped."""
    _component()(key=key, data="".join(svgs))
