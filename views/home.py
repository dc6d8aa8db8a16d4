"""Home: what to do next, and where one stands."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from study.bank import Bank
from study.problems import ProblemSet
from study.progress import Count, Step, next_step, read_by_topic, read_count, solved_count
from study.store import ProblemState, Rating, Submission
from views.i18n import say, t
from views.paths import where
from views.session import bank, kept, paths, problems, store, user
from views.widgets import data_errors, facts, has_page, link, main_link, one_line, open_page

PAGE = {"order": 1, "icon": ":material/home:", "key": "nav.home", "layout": "centered"}


def render() -> None:
    """Draw the next step, the three ways in, and the topics."""
    questions, tasks = bank(), problems()
    no_ratings: dict[str, Rating] = {}
    ratings = kept(lambda: store().ratings(user()), no_ratings)
    _next(questions, tasks, ratings)
    _path()
    _ways(questions, tasks, ratings)
    _topics(questions, ratings)
    data_errors([*questions.errors, *tasks.errors])


def _next(questions: Bank, tasks: ProblemSet, ratings: dict[str, Rating]) -> None:
    """The one thing to do next, with its reason and a button."""
    none: list[Submission] = []
    submissions = kept(lambda: store().submissions(user()), none)
    step = next_step(questions.questions, tasks.problems, submissions, ratings)
    st.title(t("home.title"), anchor=False)
    if step is None:
        st.markdown(t("home.done"))
        return
    title, minutes = _what(step, questions, tasks)
    with st.container(border=True, key="next"):
        st.markdown(f"### {title}", anchors=False)
        st.caption(facts(t("common.minutes", n=minutes), _why(step)))
        target, name = ("questions", "id") if step.kind == "question" else ("problems", "slug")
        main_link(target, t("home.go"), **{name: step.id})


def _path() -> None:
    """The path that is being followed; before one is chosen, that there are some."""
    id = kept(lambda: store().setting(user(), "path"), None)
    path = paths().get(id) if id else None
    label, query = t("home.paths"), {}
    if path is not None:
        found = where(path)
        title = one_line(say(path.title))
        label = t("home.path", title=title, done=len(found.done), total=found.total)
        query = {"id": path.id}
    with st.container(key="path_links"):
        link("paths", label, ":material/route:", **query)


def _what(step: Step, questions: Bank, tasks: ProblemSet) -> tuple[str, int]:
    """Title and minutes of what the step leads to."""
    if step.kind == "question":
        question = questions.get(step.id)
        return (one_line(say(question.question)), question.minutes) if question else (step.id, 0)
    problem = tasks.get(step.id)
    return (one_line(say(problem.title)), problem.minutes) if problem else (step.id, 0)


def _why(step: Step) -> str:
    when = days_ago(step.when, datetime.now(UTC)) if step.when else ""
    if step.reason == "next":
        return t(f"home.next_{step.kind}")
    if step.reason == "again":
        return t("home.again", when=when)
    if step.detail:
        return t("home.failed", when=when, detail=one_line(say(step.detail)))
    return t("home.failed_bare", when=when)


def days_ago(when: datetime, now: datetime) -> str:
    """`when` in days of this machine's calendar: today, yesterday, 3 days ago."""
    days = (now.astimezone().date() - when.astimezone().date()).days
    if days <= 0:
        return t("home.today")
    return t("home.yesterday") if days == 1 else t("home.days_ago", n=days)


def _ways(questions: Bank, tasks: ProblemSet, ratings: dict[str, Rating]) -> None:
    """Recall, write, see: a sentence on the first visit, later where one stands."""
    no_states: dict[str, ProblemState] = {}
    states = kept(lambda: store().problem_states(user()), no_states)
    ways = {
        "recall": ("questions", _stand("recall", read_count(questions.questions, ratings))),
        "write": ("problems", _stand("write", solved_count(tasks.problems, states))),
        "see": ("lab", _last_seen()),
    }
    for column, (name, (target, text)) in zip(st.columns(len(ways)), ways.items(), strict=True):
        with column, st.container(border=True, height="stretch", key=f"way_{name}"):
            st.markdown(f"#### {t(f'home.{name}')}", anchors=False)
            st.markdown(text)
            st.space("stretch")
            ready = has_page(target)
            if st.button(t("common.open"), key=f"open_{name}", disabled=not ready, width="stretch"):
                open_page(target)


def _stand(name: str, count: Count) -> str:
    if not count.done:
        return t(f"home.{name}_first")
    return t(f"home.{name}_count", done=count.done, total=count.total)


def _last_seen() -> str:
    """What the lab showed last in this session, if it was open."""
    name = getattr(st.session_state.get("lab_setup"), "variant", None)
    if not name:
        return t("home.see_first")
    from attention import variants

    return t("home.see_last", variant=say(variants()[name].title))


def _topics(questions: Bank, ratings: dict[str, Rating]) -> None:
    """Progress through every topic; a click lists its questions."""
    counts = read_by_topic(questions.questions, ratings)
    if not counts:
        return
    st.subheader(t("home.topics"), anchor=False)
    known = [topic for topic in questions.topics if topic.id in counts]
    for start in range(0, len(known), 2):  # row by row, so that a phone keeps their order
        for column, topic in zip(st.columns(2), known[start : start + 2], strict=False):
            count = counts[topic.id]
            with column, st.container(key=f"topic_links_{topic.id}", gap="xxsmall"):
                done = t("home.topic_count", done=count.done, total=count.total)
                link("questions", f"{say(topic.title)}  :gray[{done}]", topic=topic.id)
                st.progress(count.done / count.total)
