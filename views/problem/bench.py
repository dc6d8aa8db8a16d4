"""The state of one visit to a problem, and what the user does to it.

The text itself is in the store and in the editor. The actions are callbacks, so they have
happened before anything is drawn.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import streamlit as st

from grader.verdict import GraderError
from study.problems import Problem
from study.store import StoreError, Submission
from views import session
from views.editor import Document, Marks, Typed, new_revision, typed
from views.problem.desk import Desk, Grading, Running, settled

PATIENCE = 0.4  # s that a click waits for its result before the page says what it waits for


@dataclass
class Bench:
    """What one visit to a problem keeps."""

    slug: str
    document: Document
    code: str  # the latest text that Python knows
    saved: float | None  # when it was stored, in seconds since 1970
    seq: int = 0  # of the latest text from the editor; see views.editor
    failure: StoreError | None = None  # why the latest text could not be stored
    before: str | None = None  # the text that a reset or an older submission replaced
    result: Running | Grading | Submission | None = None  # what this visit asked for last
    trouble: GraderError | StoreError | None = None  # why that could not even begin
    marks: Marks = field(default_factory=Marks)  # of the result that was drawn last
    submissions: list[Submission] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The editor's key: each problem has an editor of its own."""
        return f"editor-{self.slug}"


@st.cache_resource(show_spinner=False)
def open_desk() -> Desk:
    """The one desk of this process. Raises GraderError or StoreError if it cannot be had."""
    return Desk(session.grader(), session.store())


def open_bench(problem: Problem) -> Bench:
    """This visit's bench: the one there is, or, on entering, one that starts from the store."""
    bench: Bench | None = st.session_state.get("bench")
    if bench is None or bench.slug != problem.slug or bench.key not in st.session_state:
        bench = st.session_state["bench"] = _enter(problem)
    with session.store_errors():
        bench.submissions = session.store().submissions(session.user(), problem.slug)
    return bench


def _enter(problem: Problem) -> Bench:
    draft = session.kept(lambda: session.store().draft(session.user(), problem.slug), None)
    code = problem.starter if draft is None else draft.code
    saved = None if draft is None else draft.saved_at.timestamp()
    journal = f"headroom:draft:{session.user()}:{problem.slug}"
    document = Document(code, journal, visit=new_revision(), saved_at=saved or 0.0)
    return Bench(problem.slug, document, code, saved)


def take(bench: Bench, text: Typed) -> None:
    """Store what was typed; a failure is told on the saved line, the browser keeps its copy."""
    bench.seq = text.seq
    _keep(bench, text.code)


def adopt(bench: Bench) -> None:
    """Take text typed while the app was down, which the browser sends on reconnecting."""
    latest = typed(bench.key)
    if latest is None or latest.code == bench.code:
        return
    if latest.seq > max(bench.seq, 1000 * bench.document.saved_at):
        take(bench, latest)


def replace(bench: Bench, code: str) -> None:
    """Put `code` into the editor and keep what was there, so that it can be brought back."""
    _catch_up(bench, typed(bench.key))
    bench.before = bench.code
    _keep(bench, code)
    old = bench.document
    bench.document = Document(code, old.journal, old.visit, new_revision(), bench.saved or 0.0)
    bench.marks = Marks(bench.marks.id)


def run(bench: Bench, text: Typed | None) -> None:
    """Run the statement's examples on the latest text."""
    with _begin(bench, text) as desk:
        running = desk.run(session.user(), bench.slug, bench.code)
        settled(running.future, PATIENCE)
        bench.result = running


def submit(bench: Bench, text: Typed | None) -> None:
    """Submit the latest text: written to the store first, then graded."""
    with _begin(bench, text) as desk:
        _expect(bench, desk.submit(session.user(), bench.slug, bench.code))
        bench.before = None  # what was replaced before is of no more interest


def regrade(bench: Bench, submission: Submission) -> None:
    """Grade a submission again that was left without a verdict."""
    with _begin(bench, None) as desk:
        user, number, code = session.user(), submission.id, submission.code
        _expect(bench, desk.grade(user, bench.slug, number, code))


def _expect(bench: Bench, grading: Grading) -> None:
    grading.wait(PATIENCE)
    bench.result = grading


@contextmanager
def _begin(bench: Bench, text: Typed | None) -> Iterator[Desk]:
    """Take the latest text and hand out the desk; what hinders either is told on the bench."""
    bench.trouble = None
    _catch_up(bench, text)
    try:
        yield open_desk()
    except (GraderError, StoreError) as error:
        bench.trouble = error


def _catch_up(bench: Bench, text: Typed | None) -> None:
    if text is not None and text.seq > bench.seq:
        take(bench, text)


def _keep(bench: Bench, code: str) -> None:
    bench.code = code
    try:
        session.store().save_draft(session.user(), bench.slug, code)
    except StoreError as error:
        bench.failure = error
    else:
        bench.saved, bench.failure = time.time(), None
