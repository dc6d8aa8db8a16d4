"""The list of questions: search, filters, and links to what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from study.bank import Bank, Question
from study.search import state
from study.store import Rating
from views.i18n import say, t
from views.recall.filters import Filters, options, read_filters
from views.session import bank, kept, search, store, user
from views.widgets import address, facts, link, one_line, plain

PER_PAGE = 25
ICONS = {
    "unread": ":material/radio_button_unchecked:",
    "again": ":material/replay:",
    "hard": ":material/trending_up:",
    "good": ":material/check:",
    "easy": ":material/done_all:",
}
_MORE = ("frequency", "role")  # in a popover: five boxes in a row would be a wall on a phone
_QUEUE = "questions.queue"  # ids in the order last listed, which Next and Back follow
_FILTERS = "questions.filters"  # the list's address, for the way back to it


@st.fragment
def listing() -> None:
    """Draw the filters and the page of the list that they give."""
    questions = bank()
    filters, unknown = read_filters(st.query_params, questions)
    _controls(filters, questions)
    for name, value in unknown.items():
        named = t(f"questions.{name}")
        st.info(
            t("questions.unknown_filter", name=named, value=plain(value)), icon=":material/info:"
        )
    unrated: dict[str, Rating] = {}
    ratings = kept(lambda: store().ratings(user()), unrated)
    found = find(filters, ratings)
    pages = max(1, -(-len(found) // PER_PAGE))
    filters = replace(filters, page=min(filters.page, pages))
    st.session_state[_QUEUE] = [question.id for question in found]
    st.session_state[_FILTERS] = filters.address()
    _results(found, filters, questions, ratings)
    if pages > 1:
        _sync("page", filters.page)
        with st.container(horizontal_alignment="center"):
            st.pagination(pages, key="page", on_change=_filter, args=("page",))


def find(filters: Filters, ratings: Mapping[str, Rating]) -> tuple[Question, ...]:
    """What passes the filters: in the bank's order, or the best match first for a search."""

    def chosen(value: str) -> tuple[str, ...]:
        return (value,) if value else ()

    return search().find(
        filters.q,
        topics=chosen(filters.topic),
        levels=chosen(filters.level),
        frequencies=chosen(filters.frequency),
        roles=chosen(filters.role),
        states=chosen(filters.state),
        ratings=ratings,
    )


def queue(question: Question) -> list[str]:
    """The ids that Next and Back go through: the list `question` was opened from, or the bank."""
    listed: list[str] = st.session_state.get(_QUEUE, [])
    return listed if question.id in listed else [entry.id for entry in bank().questions]


def back_to_list() -> dict[str, str]:
    """The address of the list as it was last shown."""
    filters: dict[str, str] = st.session_state.get(_FILTERS, {})
    return filters


def meta(question: Question, bank: Bank) -> str:
    """Topic, level, frequency and time in one line."""
    topic = bank.topic(question.topic)
    return facts(say(topic.title) if topic else question.topic, *entry_facts(question))


def entry_facts(question: Question) -> tuple[str, str, str]:
    """Frequency, level and time."""
    return (
        t(f"common.frequency_{question.frequency}"),
        t(f"common.level_{question.level}"),
        t("common.minutes", n=question.minutes),
    )


def _controls(filters: Filters, bank: Bank) -> None:
    _sync("q", filters.q)
    st.text_input(
        t("questions.search"),
        key="q",
        type="search",
        live="300ms",
        placeholder=t("questions.search_help"),
        label_visibility="collapsed",
        on_change=_filter,
        args=("q",),
    )
    known = options(bank)
    titles = {topic.id: say(topic.title) for topic in bank.topics}
    with st.container(horizontal=True, key="filters"):
        for name in (name for name in known if name not in _MORE):
            _choice(name, known[name], getattr(filters, name), titles)
        with st.popover(_more(filters), key="more"):
            for name in _MORE:
                _choice(name, known[name], getattr(filters, name), titles)


def _more(filters: Filters) -> str:
    """The popover's label, which tells of choices made inside."""
    count = sum(bool(getattr(filters, name)) for name in _MORE)
    return t("questions.more_chosen", count=count) if count else t("questions.more")


def _choice(name: str, known: tuple[str, ...], value: str, titles: Mapping[str, str]) -> None:
    def shown(option: str) -> str:
        if name in ("level", "frequency"):
            return t(f"common.{name}_{option}")
        return titles[option] if name == "topic" else t(f"questions.{name}_{option}")

    _sync(name, value or None)
    st.selectbox(
        t(f"questions.{name}"),
        known,
        index=None,
        key=name,
        format_func=shown,
        placeholder=t(f"questions.any_{name}"),
        label_visibility="collapsed",
        on_change=_filter,
        args=(name,),
    )


def _results(
    found: tuple[Question, ...], filters: Filters, bank: Bank, ratings: Mapping[str, Rating]
) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(t("questions.found", count=len(found)), width="stretch")
        if filters.address():
            st.button(t("questions.clear"), key="clear", type="tertiary", on_click=address)
    if not found:
        st.write(t("questions.none_found" if bank.questions else "questions.empty"))
    first = PER_PAGE * (filters.page - 1)
    with st.container(key="question_list", gap=None):
        for question in found[first : first + PER_PAGE]:
            _row(question, meta(question, bank), state(question, ratings))


def _row(question: Question, about: str, rated: str) -> None:
    label = one_line(say(question.question))
    if rated != "unread":
        about = facts(about, t(f"questions.state_{rated}"))
    with st.container(gap=None):
        link("questions", label, icon=ICONS[rated], id=question.id)
        st.caption(about)


def _sync(key: str, value: str | int | None) -> None:
    """Let the widget follow the address; writing an equal value would undo what is being typed."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def _filter(name: str) -> None:
    filters, _ = read_filters(st.query_params, bank())
    value = st.session_state[name]
    changed = {"page": value} if name == "page" else {name: value or "", "page": 1}
    address(**replace(filters, **changed).address())
