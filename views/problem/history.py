"""The history of a problem: every submission with its code and verdict."""

from __future__ import annotations

from functools import partial

import streamlit as st

from study.store import Submission
from views import verdict as verdicts
from views.i18n import t
from views.problem import bench as actions
from views.problem.bench import Bench
from views.problem.words import ago
from views.problem.workbench import grade_again, under_way, verdict_of

PAGE_SIZE = 10


def draw(bench: Bench) -> None:
    """Newest first, ten at a time; the code is sent only for what is unfolded."""
    if not bench.submissions:
        st.caption(t("problems.no_history"))
        return
    key = f"history-{bench.slug}"
    limit = st.session_state.get(key, PAGE_SIZE)
    for submission in bench.submissions[:limit]:
        _entry(bench, submission)
    if len(bench.submissions) > limit:

        def more() -> None:
            st.session_state[key] = limit + PAGE_SIZE

        st.button(t("problems.older"), on_click=more, key="older")


def _entry(bench: Bench, submission: Submission) -> None:
    key = f"submission-{submission.id}"
    box = st.expander(_label(submission), key=key, on_change="rerun")
    if not box.open:
        return
    with box:
        st.code(submission.code, language="python")
        with st.container(horizontal=True):
            back = partial(_restore, bench, submission)
            st.button(t("problems.restore"), on_click=back, key=f"restore-{submission.id}")
            if verdict_of(submission) is not None:
                show = partial(_show, bench, submission)
                st.button(t("problems.show_verdict"), on_click=show, key=f"show-{submission.id}")
            elif under_way(submission) is None:
                grade_again(bench, submission, "history")


def _label(submission: Submission) -> str:
    verdict = verdict_of(under_way(submission) or submission)
    if verdict is None:
        state = "problems.being_graded" if under_way(submission) else "problems.ungraded"
        return f"{verdicts.UNSEEN} {t(state)} · {ago(submission.submitted_at)}"
    counts = t("problems.checks", passed=verdicts.count(verdict), all=len(verdict.checks))
    icon, word = verdicts.ICONS[verdict.verdict], verdicts.word(verdict.verdict)
    return f"{icon} {word} · {counts} · {ago(submission.submitted_at)}"


def _restore(bench: Bench, submission: Submission) -> None:
    actions.replace(bench, submission.code)
    bench.result = submission
    st.rerun()


def _show(bench: Bench, submission: Submission) -> None:
    bench.result, bench.trouble = submission, None
    st.rerun()
