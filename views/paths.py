"""Paths: ordered tracks through questions and problems, with what is done and what comes next."""

from __future__ import annotations

import streamlit as st

from study.bank import Bank
from study.paths import LearningPath, Standing, Stop, minutes, standing
from study.problems import ProblemSet
from study.store import ProblemState, Rating
from views import session
from views.i18n import say, t
from views.widgets import data_errors, facts, link, main_link, one_line, plain, show_address

PAGE = {"order": 2, "icon": ":material/route:", "key": "nav.paths", "layout": "centered"}

_ICONS = {True: ":material/check_circle:", False: ":material/radio_button_unchecked:"}
_TARGETS = {"question": ("questions", "id"), "problem": ("problems", "slug")}


def render() -> None:
    """Draw all paths, or the one that the address names."""
    show_address()
    known, asked = session.paths(), st.query_params.get("id")
    path = known.get(asked) if asked else None
    if path is not None:
        _one(path)
        return
    st.title(t("nav.paths"), anchor=False)
    if asked:
        st.warning(t("paths.unknown", id=plain(asked)), icon=":material/link_off:")
    st.markdown(t("paths.about"))
    for each in known.paths:
        _card(each)
    data_errors(known.errors)


def where(path: LearningPath) -> Standing:
    """How far the user is."""
    no_ratings: dict[str, Rating] = {}
    no_states: dict[str, ProblemState] = {}
    ratings = session.kept(lambda: session.store().ratings(session.user()), no_ratings)
    states = session.kept(lambda: session.store().problem_states(session.user()), no_states)
    return standing(path, session.bank(), session.problems(), ratings, states)


def progress(found: Standing) -> None:
    """The bar, and how much is done and left."""
    done = len(found.done)
    st.progress(done / found.total)
    left = t("paths.left", time=duration(found.minutes_left)) if found.next else t("paths.finished")
    st.caption(facts(t("paths.count", done=done, total=found.total), left))


def duration(whole: int) -> str:
    """Minutes as people say them: 45 min, 2 h, 2 h 10 min."""
    hours, rest = divmod(whole, 60)
    if not hours:
        return t("common.minutes", n=rest)
    return t("paths.hours_minutes", h=hours, m=rest) if rest else t("paths.hours", h=hours)


def _card(path: LearningPath) -> None:
    found = where(path)
    with st.container(border=True, key=f"path_links_{path.id}"):
        link("paths", f"**{one_line(say(path.title))}**", ":material/route:", id=path.id)
        st.markdown(say(path.about))
        progress(found)


def _one(path: LearningPath) -> None:
    found = where(path)
    with st.container(key="path_links"):
        link("paths", t("paths.all"), ":material/arrow_back:")
    st.title(say(path.title), anchor=False)
    st.markdown(say(path.about))
    progress(found)
    if found.next is not None:
        go_on(path, found.next)
    bank, problems = session.bank(), session.problems()
    with st.container(gap=None, key="path_list"):
        for stop in path.stops:
            _stop(stop, stop in found.done, bank, problems)


def go_on(path: LearningPath, stop: Stop) -> None:
    """The link to the next stop. From now on the path is the one that Home goes on with."""
    target, name = _TARGETS[stop.kind]
    label = t("paths.go", title=one_line(title(stop, session.bank(), session.problems())))
    main_link(target, label, **{name: stop.name})
    with session.store_errors():
        if session.store().setting(session.user(), "path", "") != path.id:
            session.store().set_setting(session.user(), "path", path.id)


def title(stop: Stop, bank: Bank, problems: ProblemSet) -> str:
    """The question or the problem's title in the user's language."""
    if stop.kind == "question":
        question = bank.get(stop.name)
        return say(question.question) if question else stop.name
    problem = problems.get(stop.name)
    return say(problem.title) if problem else stop.name


def _stop(stop: Stop, done: bool, bank: Bank, problems: ProblemSet) -> None:
    target, name = _TARGETS[stop.kind]
    label = one_line(title(stop, bank, problems))
    state = t("paths.done" if done else "paths.open")
    with st.container(gap=None):
        link(target, label, _ICONS[done], **{name: stop.name})
        time = t("common.minutes", n=minutes(stop, bank, problems))
        st.caption(facts(t(f"paths.{stop.kind}"), time, state))
