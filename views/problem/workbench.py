"""The workbench: the editor, Run and Submit, and what came of them.

The editor and its buttons are a fragment: saving while typing redraws nothing else. Run and
Submit redraw the page, of which only the result, the history and the state have changed. (A
callback that redrew one fragment by name would swallow a click elsewhere that reaches Python
together with the text.)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Literal

import streamlit as st

from grader.verdict import Cancelled, GraderError, Verdict
from study.problems import Problem
from study.store import StoreError, Submission
from views.editor import Marks, Typed, code_editor, saved_line, typed
from views.i18n import t
from views.problem import bench as actions
from views.problem.bench import Bench
from views.problem.desk import Grading, Running, settled
from views.problem.words import ago, reason
from views.verdict import draw_run, draw_verdict, literal, marks_of, marks_of_run

POLL = 0.4  # s between looks at a result that takes long

Result = Running | Grading | Submission
Action = Callable[[Bench, Typed | None], None]


def draw(problem: Problem, bench: Bench) -> None:
    """The workbench."""
    _mark(bench)
    _desktop(problem, bench)
    _draw_result(bench)


@st.fragment
def _desktop(problem: Problem, bench: Bench) -> None:
    """The editor and what stands below it."""
    actions.adopt(bench)
    code_editor(
        bench.key,
        bench.document,
        bench.marks,
        label=t("editor.label"),
        on_text=partial(actions.take, bench),
        on_run=partial(_act, bench, actions.run),
        on_submit=partial(_act, bench, actions.submit),
    )
    with st.container(horizontal=True, vertical_alignment="center", key="bench-buttons"):
        _button("run", bench, actions.run, "Mod+Enter")
        _button("submit", bench, actions.submit, "Mod+Shift+Enter", main=True)
        _saved(bench)
        _reset(problem, bench)


def _button(name: str, bench: Bench, act: Action, shortcut: str, *, main: bool = False) -> None:
    def click() -> None:
        _act(bench, act, typed(bench.key))

    look: Literal["primary", "secondary"] = "primary" if main else "secondary"
    st.button(t(f"problems.{name}"), on_click=click, key=name, shortcut=shortcut, type=look)


def _act(bench: Bench, act: Action, text: Typed | None) -> None:
    act(bench, text)
    st.rerun()


def _saved(bench: Bench) -> None:
    age = None if bench.saved is None else max(0.0, time.time() - bench.saved)
    failure = t("editor.saved_failed", reason=reason(bench.failure)) if bench.failure else ""
    saved_line("saved", seq=bench.seq, age=age, failure=failure)


def _reset(problem: Problem, bench: Bench) -> None:
    """Back to the starter, after a question, and back again."""
    with st.popover(t("problems.reset"), type="tertiary"):
        st.markdown(t("problems.reset_question"))
        start = partial(actions.replace, bench, problem.starter)
        st.button(t("problems.reset_yes"), on_click=start, key="reset")
    if bench.before is not None:
        back = partial(actions.replace, bench, bench.before)
        st.button(t("problems.undo"), on_click=back, key="undo", type="tertiary")


def shown(bench: Bench) -> Result | None:
    """What the result area is about: what this visit asked for, else the latest submission."""
    if bench.result is not None or not bench.submissions:
        return bench.result
    latest = bench.submissions[0]
    return under_way(latest) or latest


def under_way(submission: Submission) -> Grading | None:
    """What this process knows of a verdict that is not in the store: on its way, or unsaved."""
    if submission.verdict is not None:
        return None
    try:
        grading = actions.open_desk().get(submission.id)
    except (GraderError, StoreError):
        return None
    cut_off = grading is not None and grading.ended.is_set() and grading.verdict is None
    return None if cut_off else grading


def verdict_of(result: Result | None) -> Verdict | None:
    """The verdict that a result has, if it has one that can be read."""
    match result:
        case Grading(verdict=verdict):
            return verdict
        case Submission(verdict=dict() as stored):
            # Another version may have stored other fields: the page must open all the same.
            with suppress(KeyError, TypeError):
                return Verdict.from_dict(stored)
    return None


def _mark(bench: Bench) -> None:
    """Mark the failing line of a new result, if the text is still the one it was found in.

    From then on the marks are the editor's: they move and go with their lines.
    """
    result = shown(bench)
    marks = Marks() if result is None else _marks(result)
    if marks.id != bench.marks.id:
        fits = result is not None and result.code == bench.code
        bench.marks = marks if fits else Marks(marks.id)


def _marks(result: Result) -> Marks:
    match result:
        case Running(future=future) if settled(future) and not future.exception():
            return marks_of_run(future.result(), f"run-{result.began}")
        case Grading(submission=number) | Submission(id=number):
            verdict = verdict_of(result)
            return marks_of(verdict, number) if verdict else Marks()
    return Marks()


def _draw_result(bench: Bench) -> None:
    if bench.trouble:
        st.error(t("problems.no_grader", reason=literal(reason(bench.trouble))))
        return
    match shown(bench):
        case Running() as running:
            _run(running)
        case Grading() as grading:
            _grading(grading)
        case Submission() as submission:
            _submission(bench, submission)
        case None:
            st.caption(t("problems.run_or_submit"))


def _run(running: Running) -> None:
    if not settled(running.future):
        _wait(running)
        return
    try:
        draw_run(running.future.result())
    except GraderError as error:
        st.error(t("problems.no_grader", reason=literal(reason(error))))


def _grading(grading: Grading) -> None:
    if not grading.ended.is_set():
        _wait(grading)
    elif isinstance(grading.failure, Cancelled):
        st.info(t("problems.stopped"), icon=":material/stop_circle:")
    elif grading.failure is not None:
        st.error(t("problems.no_grader", reason=literal(reason(grading.failure))))
        st.caption(t("problems.kept_ungraded"))
    elif grading.verdict is not None:
        unsaved = reason(grading.unsaved) if grading.unsaved else ""
        draw_verdict(grading.verdict, grading.submission, unsaved=unsaved)


def _submission(bench: Bench, submission: Submission) -> None:
    newest = submission.id == bench.submissions[0].id
    which = "problems.latest_submission" if newest else "problems.older_submission"
    st.caption(t(which, ago=ago(submission.submitted_at)))
    verdict = verdict_of(submission)
    if verdict is not None:
        draw_verdict(verdict, submission.id)
        return
    st.warning(t("problems.not_graded" if submission.verdict is None else "problems.unreadable"))
    grade_again(bench, submission, "bench")


def grade_again(bench: Bench, submission: Submission, place: str) -> None:
    """The button that grades a submission whose grading was cut off."""

    def click() -> None:
        actions.regrade(bench, submission)
        st.rerun()

    key = f"grade-{place}-{submission.id}"
    st.button(t("problems.grade_again"), on_click=click, key=key)


def _wait(result: Running | Grading) -> None:
    """Say what is waited for until it is there, then draw the page again."""
    st.fragment(_poll, run_every=POLL)(result)


def _poll(result: Running | Grading) -> None:
    ended = result.future.done() if isinstance(result, Running) else result.ended.is_set()
    if ended:
        st.rerun()
    st.markdown(f":material/hourglass_top: {_waiting_for(result)}")
    if isinstance(result, Grading) and result.position is not None:
        st.button(t("problems.stop"), icon=":material/stop:", on_click=result.stop, key="stop")


def _waiting_for(result: Running | Grading) -> str:
    seconds = round(result.seconds)
    if isinstance(result, Running):
        return t("problems.waiting_run", seconds=seconds)
    if result.position is None:
        return t("problems.waiting_start", seconds=seconds)
    if result.position > 0:
        return t("problems.waiting_queue", before=result.position, seconds=seconds)
    return t("problems.waiting_checks", seconds=seconds)
