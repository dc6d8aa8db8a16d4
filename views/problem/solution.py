"""The solution of a problem, its explanation and follow-ups: only when asked for."""

from __future__ import annotations

import streamlit as st

from study.problems import Problem
from views.i18n import say, t


def draw(problem: Problem, *, solved: bool) -> None:
    """The solution if this session has asked for it, else what is needed to ask."""
    key = f"solution-{problem.slug}"
    if st.session_state.get(key):
        _show(problem)
        return

    def ask() -> None:
        st.session_state[key] = True

    if solved:
        st.markdown(t("problems.solution_solved"))
        st.button(t("problems.show_solution"), on_click=ask, key="show-solution")
        return
    st.markdown(t("problems.solution_hidden"))
    with st.popover(t("problems.show_solution")):
        st.markdown(t("problems.solution_question"))
        st.button(t("problems.solution_yes"), on_click=ask, key="show-solution")


def _show(problem: Problem) -> None:
    st.code(problem.solution.rstrip("\n"), language="python")
    st.subheader(t("problems.explanation"), anchor=False)
    st.markdown(say(problem.explanation))
    st.subheader(t("problems.follow_ups"), anchor=False)
    for follow_up in problem.follow_ups:
        with st.expander(say(follow_up.question)):
            st.markdown(say(follow_up.answer))
