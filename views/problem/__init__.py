"""One problem: the statement beside the editor, and the parts of that page.

bench.py      the state of one visit, and what the user does to it
desk.py       grading in the background, verdicts into the store
workbench.py  the editor, Run and Submit, what came of them
statement.py  the statement, the worked example, hints, related reading
history.py    earlier submissions
solution.py   the solution, explanation and follow-ups
words.py      facts about a problem in words
"""

from __future__ import annotations

import streamlit as st

from study.problems import Problem
from views import session
from views.editor import timer
from views.i18n import language, say, strings, t
from views.problem import history, solution, statement, workbench
from views.problem.bench import Bench, open_bench
from views.problem.words import facts, states
from views.widgets import link

TABS = ("statement", "history", "solution")


def draw(problem: Problem, back: dict[str, str]) -> None:
    """The page of one problem; `back` is the query that leads to the list as it was left."""
    bench = open_bench(problem)
    state = states().get(problem.slug, "untried")
    st.set_page_config(page_title=f"{say(problem.title)} · Headroom")
    with st.container(key="problem_links"):
        link("problems", t("problems.back"), ":material/arrow_back:", **back)
    head, clock = st.columns([3, 1], vertical_alignment="bottom")
    with head:
        st.title(say(problem.title), anchor=False)
        st.caption(facts(problem, state))
    with clock:
        name = f"headroom:timer:{session.user()}:{problem.slug}"
        timer("timer", name=name, minutes=problem.minutes)
    left, right = st.columns([5, 7], gap="large")
    with left:
        _side(problem, bench, solved=state == "solved")
    with right:
        workbench.draw(problem, bench)
    _start_at_top(problem.slug)


def _start_at_top(slug: str) -> None:
    """A problem starts at its top, not where the list was left."""
    st.html(
        f"<script>document.querySelector('[data-testid=stMain]')?.scrollTo(0, 0)</script>"
        f"<!-- {slug} -->",
        unsafe_allow_javascript=True,
    )


@st.fragment
def _side(problem: Problem, bench: Bench, *, solved: bool) -> None:
    labels = [t(f"problems.tab_{name}") for name in TABS]
    key = f"tabs-{problem.slug}"
    _keep_tab(key)
    tabs = st.tabs(labels, key=key, on_change="rerun")
    for name, tab in zip(TABS, tabs, strict=True):
        if not tab.open:
            continue
        with tab:
            match name:
                case "statement":
                    statement.draw(problem)
                case "history":
                    history.draw(bench)
                case "solution":
                    solution.draw(problem, solved=solved)


def _keep_tab(key: str) -> None:
    """The open tab is known by its label: after a change of language, by the new one."""
    opened = st.session_state.get(key)
    for texts in (strings()[f"problems.tab_{name}"] for name in TABS):
        if opened in texts.values() and opened != texts[language()]:
            st.session_state[key] = texts[language()]
