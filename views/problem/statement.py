"""The statement of a problem: what is asked, the worked example, hints, where to read more."""

from __future__ import annotations

from concurrent.futures import Future

import streamlit as st

from attention import variants
from grader.verdict import GraderError, RunResult
from study.folders import SOLUTIONS
from study.problems import Problem
from study.store import StoreError
from views import session
from views.i18n import say, t
from views.problem.bench import PATIENCE, open_desk
from views.problem.desk import settled
from views.problem.words import reason
from views.verdict import draw_example, literal
from views.widgets import link, one_line

POLL = 0.5  # s between looks at examples that are still being computed


def draw(problem: Problem) -> None:
    """The whole statement."""
    st.markdown(say(problem.statement))
    st.subheader(t("problems.examples"), anchor=False)
    _examples(problem)
    _hints(problem)
    _related(problem)


def _examples(problem: Problem) -> None:
    """The worked examples. They are computed, so the first time they may take the judge's start."""
    try:
        future = _future(problem.slug)
    except (GraderError, StoreError) as error:
        st.caption(t("problems.no_grader", reason=literal(reason(error))))
        return
    if not settled(future, PATIENCE):
        st.fragment(_await_examples, run_every=POLL)(future)
    elif failure := future.exception():
        st.caption(t("problems.no_grader", reason=literal(reason(failure))))
        st.button(t("problems.try_again"), on_click=_forget_examples, key="examples-again")
    else:
        for example in future.result().examples:
            draw_example(example, alone=True)


def _await_examples(future: Future[RunResult]) -> None:
    if future.done():
        st.rerun()
    st.caption(t("problems.computing_examples"))


def _future(slug: str) -> Future[RunResult]:
    """The examples of this visit, so that a failure is not retried with every rerun."""
    # A bug hunt's checks are its sibling's, so the files of every problem count.
    stamp = session.stamp(SOLUTIONS, "*/*.*")
    kept = st.session_state.get("examples")
    if kept is None or kept[:2] != (slug, stamp):
        kept = (slug, stamp, open_desk().examples(slug, stamp))
        st.session_state["examples"] = kept
    future: Future[RunResult] = kept[2]
    return future


def _forget_examples() -> None:
    st.session_state.pop("examples", None)


def _hints(problem: Problem) -> None:
    """The hints asked for so far, and the button for the next."""
    key = f"hints:{problem.slug}"
    given = session.kept(lambda: int(session.store().setting(session.user(), key, 0)), 0)
    for number, hint in enumerate(problem.hints[:given], start=1):
        with st.container(border=True):
            st.caption(t("problems.hint_number", number=number, all=len(problem.hints)))
            st.markdown(say(hint))
    if given < len(problem.hints):

        def ask() -> None:
            with session.store_errors():
                session.store().set_setting(session.user(), key, given + 1)

        label = t("problems.hint", number=given + 1, all=len(problem.hints))
        st.button(label, on_click=ask, key="hint", icon=":material/lightbulb:")


def _related(problem: Problem) -> None:
    """Questions of the bank and variants of the lab that belong to the problem."""
    bank = session.bank()
    questions = [question for name in problem.questions if (question := bank.get(name))]
    if not questions and not problem.variants:
        return
    st.subheader(t("problems.related"), anchor=False)
    with st.container(key="related_links", gap="small"):
        for question in questions:
            link("questions", one_line(say(question.question)), ":material/quiz:", id=question.id)
        for variant in problem.variants:
            label = t("problems.see_variant", variant=say(variants()[variant].title))
            link("lab", label, ":material/science:", variant=variant)
