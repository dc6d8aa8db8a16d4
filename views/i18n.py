"""The interface's words in English and Chinese, and which of the two a person sees."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Protocol

import streamlit as st
import yaml

LANGUAGES = {"zh": "中文", "en": "English"}
HTML_LANGUAGES = {"zh": "zh-CN", "en": "en"}  # as <html lang> names them, so that fonts fit
STRINGS = Path(__file__).with_name("strings.yaml")
_CHOSEN = "language"


class Bilingual(Protocol):
    """A text that the content carries in both languages."""

    def get(self, language: str, /) -> str: ...


def t(key: str, /, **values: object) -> str:
    """The interface's string `section.name` in the current language, its {fields} filled in.

    Raises KeyError naming the key if there is no such string.
    """
    text = strings()[key][language()]
    return text.format(**values) if values else text


def say(text: Bilingual | Mapping[str, str]) -> str:
    """The current language's side of a text from the bank, a problem or a verdict."""
    return text[language()] if isinstance(text, Mapping) else text.get(language())


@cache
def strings(path: Path = STRINGS) -> dict[str, dict[str, str]]:
    """All strings by `section.name`, each with a text per language."""
    sections = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return {
        f"{section}.{name}": texts
        for section, entries in sections.items()
        for name, texts in entries.items()
    }


def language() -> str:
    """The language this session is shown in, "en" or "zh"."""
    chosen: str | None = st.session_state.get(_CHOSEN)
    return chosen if chosen in LANGUAGES else guess()


def settle(stored: str | None) -> str:
    """Fix the session's language at the start of a run and return it.

    `?lang=` beats this session's choice, that beats the stored setting, that the browser.
    """
    asked = st.query_params.get("lang")
    candidates = (asked, st.session_state.get(_CHOSEN), stored)
    chosen = next((c for c in candidates if c in LANGUAGES), None) or guess()
    st.session_state[_CHOSEN] = chosen
    return chosen


def choose(chosen: str) -> None:
    """Switch this session to `chosen`; a `lang` in the address follows, so that it stays true."""
    st.session_state[_CHOSEN] = chosen
    if "lang" in st.query_params:
        st.query_params["lang"] = chosen


def guess() -> str:
    """What the browser prefers, English if it names neither language."""
    accepted = st.context.headers.get("Accept-Language") or st.context.locale or ""
    return preferred(accepted)


def preferred(accepted: str) -> str:
    """The language an Accept-Language header ranks first of those there are, else English."""
    ranked = sorted(map(_rank, accepted.split(",")), key=lambda pair: -pair[0])
    return next((tag for weight, tag in ranked if weight > 0 and tag in LANGUAGES), "en")


def _rank(item: str) -> tuple[float, str]:
    tag, _, parameters = item.partition(";")
    weight = parameters.strip().removeprefix("q=") if parameters.strip() else "1"
    try:
        return float(weight), tag.strip().lower().split("-")[0]
    except ValueError:  # a malformed weight: the item counts for nothing
        return 0.0, ""
