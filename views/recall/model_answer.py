"""The model answer and what belongs to it: rubric, pitfalls, follow-ups, sources, links."""

from __future__ import annotations

from urllib.parse import parse_qsl

import streamlit as st

from attention import variants
from study.bank import Question
from views.i18n import say, t
from views.recall.answering import solution
from views.recall.demo import SECONDS, run_demo
from views.session import kept, problems, store, store_errors, user
from views.widgets import has_page, link

LAB, CODE = ":material/science:", ":material/code:"


def model_answer(question: Question) -> None:
    """Draw everything that stays hidden until the answer is asked for."""
    with st.container(border=True, key="short"):
        st.caption(t("questions.short"))
        st.markdown(say(question.short), anchors=False)
    solution(question)
    _heading("full")
    st.markdown(say(question.answer), anchors=False)
    _rubric(question)
    _pitfalls(question)
    _follow_ups(question)
    if question.demo:
        _demo(question.id, question.demo)
    _links(question)
    _sources(question)


def _heading(name: str) -> None:
    st.subheader(t(f"questions.{name}"), anchor=False)


@st.fragment
def _rubric(question: Question) -> None:
    """The points of a good answer, with boxes that stay ticked."""
    _heading("rubric")
    none: list[int] = []
    ticks = kept(lambda: store().ticks(user(), question.id), none)
    keys = [f"tick_{question.id}_{number}" for number in range(len(question.rubric))]
    for number, (key, point) in enumerate(zip(keys, question.rubric, strict=True)):
        st.checkbox(
            say(point), value=number in ticks, key=key, on_change=_tick, args=(question.id, keys)
        )
    done = sum(bool(st.session_state[key]) for key in keys)
    st.caption(t("questions.ticked", n=done, count=len(keys)))


def _tick(id: str, keys: list[str]) -> None:
    ticked = [number for number, key in enumerate(keys) if st.session_state[key]]
    with store_errors():
        store().save_ticks(user(), id, ticked)


def _pitfalls(question: Question) -> None:
    _heading("pitfalls")
    for pitfall in question.pitfalls:
        with st.container(border=True, gap="xxsmall"):
            st.markdown(f":material/close: **{say(pitfall.claim)}**", anchors=False)
            st.markdown(say(pitfall.why), anchors=False)


def _follow_ups(question: Question) -> None:
    _heading("follow_ups")
    for number, follow_up in enumerate(question.follow_ups):
        with st.expander(say(follow_up.question), key=f"follow_up_{question.id}_{number}"):
            st.markdown(say(follow_up.answer), anchors=False)


@st.fragment
def _demo(id: str, source: str) -> None:
    """The demonstration as code, run on request in a process of its own."""
    _heading("demo")
    st.caption(t("questions.demo_about"))
    st.code(source, language="python")
    if not st.button(t("questions.run"), key=f"demo_{id}", icon=":material/play_arrow:"):
        return
    with st.spinner(t("questions.running")):
        run = run_demo(source)
    if run.output:
        st.code(run.output, language=None)
    if run.timed_out:
        st.warning(t("questions.demo_late", seconds=f"{SECONDS:.0f}"), icon=":material/timer_off:")
    elif run.error:
        st.warning(t("questions.demo_failed"), icon=":material/error:")
        st.code(run.error, language=None)
    else:
        st.caption(t("questions.ran", seconds=f"{run.seconds:.1f}"))


def _links(question: Question) -> None:
    """The ways from this question into the lab and to the problems."""
    with st.container(key="answer_links", gap="small"):
        if has_page("lab") and (question.variants or question.lab):
            _heading("see")
            for lab in question.lab:
                link("lab", say(lab.title), LAB, **dict(parse_qsl(lab.query)))
            for name in question.variants:
                link("lab", say(variants()[name].title), LAB, variant=name)
        if has_page("problems") and question.problems:
            _heading("write")
            for slug in question.problems:
                problem = problems().get(slug)
                link("problems", say(problem.title) if problem else slug, CODE, slug=slug)


def _sources(question: Question) -> None:
    _heading("sources")
    lines = [f"- [{source.title}]({source.url}), {source.where}" for source in question.sources]
    st.markdown("\n".join(lines))
