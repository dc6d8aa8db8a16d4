"""Problems: the list, filtered as its address says, or the one that the address names."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from study.entry import LEVELS
from study.problems import Problem, ProblemSet
from views import problem as one
from views import session
from views.i18n import say, t
from views.problem.words import STATE_ICONS, STATES, facts, states
from views.widgets import address, data_errors, link, plain, show_address

PAGE = {"order": 4, "icon": ":material/code:", "key": "nav.problems"}
FILTERS = ("q", "level", "tag", "state")


def render() -> None:
    """Draw the page."""
    show_address()
    found = session.problems()
    slug = st.query_params.get("slug")
    if slug is None:
        _list(found)
    elif problem := found.get(slug):
        one.draw(problem, st.session_state.get("problem_filters", {}))
    else:
        _unknown(slug, found)


def _unknown(slug: str, found: ProblemSet) -> None:
    """The address names no problem that can be shown."""
    broken = any(error.file.parent.name == slug for error in found.errors)
    st.title(t("problems.broken_title" if broken else "problems.unknown_title"), anchor=False)
    st.markdown(t("problems.broken" if broken else "problems.unknown", slug=plain(slug)))
    with st.container(key="problem_links"):
        link("problems", t("problems.back"), ":material/arrow_back:")
    data_errors(found.errors)


def _list(found: ProblemSet) -> None:
    st.title(t("nav.problems"), anchor=False)
    reached = states()
    asked = _filters(found.problems)
    st.session_state["problem_filters"] = {name: value for name, value in asked.items() if value}
    hits = [p for p in found.problems if matches(p, reached.get(p.slug, "untried"), asked)]
    solved = sum(reached.get(problem.slug) == "solved" for problem in found.problems)
    st.caption(t("problems.found", found=len(hits), all=len(found.problems), solved=solved))
    with st.container(gap=None, key="problem_list"):
        for problem in hits:
            _row(problem, reached.get(problem.slug, "untried"))
    if not hits:
        st.markdown(t("problems.none_found"))
        st.button(t("problems.clear_filters"), on_click=address, key="clear")
    data_errors(found.errors)


def _row(problem: Problem, state: str) -> None:
    with st.container(gap=None):
        link("problems", say(problem.title), STATE_ICONS[state], slug=problem.slug)
        st.caption(facts(problem, state))


def matches(problem: Problem, state: str, asked: dict[str, str]) -> bool:
    """Whether a problem passes the filters; the search looks at slug, titles, tags, statement."""
    exact = {"level": problem.level, "state": state}
    if any(asked[name] not in ("", value) for name, value in exact.items()):
        return False
    if asked["tag"] and asked["tag"] not in problem.tags:
        return False
    texts = (problem.slug, problem.title.en, problem.title.zh, *problem.tags)
    text = "\n".join((*texts, problem.statement.en, problem.statement.zh)).casefold()
    return all(word in text for word in asked["q"].casefold().split())


def _filters(problems: Sequence[Problem]) -> dict[str, str]:
    """The filters, kept in the address: a link to it shows the same list."""
    tags = sorted({tag for problem in problems for tag in problem.tags})
    asked = {name: st.query_params.get(name, "") for name in FILTERS}
    search, level, tag, state = st.columns([2, 1, 1, 1])
    with search:
        _follow("q", asked["q"])
        label = t("problems.search")
        st.text_input(label, key="filter-q", on_change=_set, args=("q",), live=True, type="search")
    for column, name, options in (
        (level, "level", LEVELS),
        (tag, "tag", tags),
        (state, "state", STATES),
    ):
        with column:
            asked[name] = _choice(name, options, asked[name])
    return asked


def _choice(name: str, options: Sequence[str], asked: str) -> str:
    """One filter; a value in the address that is no option counts as none."""
    chosen = asked if asked in options else ""

    def word(option: str) -> str:
        section = "common" if name == "level" else "problems"
        return option if name == "tag" else t(f"{section}.{name}_{option}")

    _follow(name, chosen or None)
    st.selectbox(
        t(f"problems.filter_{name}"),
        options,
        index=None,
        format_func=word,
        placeholder=t("problems.any"),
        key=f"filter-{name}",
        on_change=_set,
        args=(name,),
    )
    return chosen


def _follow(name: str, value: str | None) -> None:
    """The address is the truth: the widget shows what stands there."""
    key = f"filter-{name}"
    if (st.session_state.get(key) or "") != (value or ""):  # else it would undo live typing
        st.session_state[key] = value


def _set(name: str) -> None:
    query = st.query_params.to_dict() | {name: st.session_state[f"filter-{name}"]}
    address(**{key: value for key, value in query.items() if value})
