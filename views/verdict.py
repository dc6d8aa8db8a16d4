"""How a verdict and a run look: what was decided, check by check, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import streamlit as st

from grader.verdict import Array, CheckResult, ExampleResult, RunResult, Verdict
from views import arrays
from views.editor import Marks
from views.i18n import language, say, t
from views.widgets import link, one_line

ICONS = {
    "accepted": ":material/check_circle:",
    "wrong": ":material/cancel:",
    "error": ":material/error:",
    "timeout": ":material/timer_off:",
    "memory": ":material/memory:",
    "forbidden": ":material/block:",
    "crashed": ":material/heart_broken:",
}
UNSEEN = ":material/remove:"  # a check that was not reached


def draw_verdict(verdict: Verdict, submission: int, *, unsaved: str = "") -> None:
    """The whole verdict on one submission: failures first, each reason told once.

    `unsaved` says why the store does not have it.
    """
    failed = [check for check in verdict.checks if not check.passed]
    text = [f"**{headline(verdict)}**"]
    if all(check.message != verdict.message for check in failed):
        text.append(literal(say(verdict.message)))
    if verdict.diagnosis:
        text.append(t("problems.diagnosis", cause=literal(say(verdict.diagnosis))))
    box = st.success if verdict.verdict == "accepted" else st.error
    box("\n\n".join(filter(None, text)), icon=ICONS[verdict.verdict])
    if unsaved:
        st.warning(t("problems.verdict_unsaved", reason=literal(unsaved)))
    told = [c for i, c in enumerate(failed) if all(c.message != f.message for f in failed[:i])]
    for check in told:
        _failure(check, submission, verdict.slug, opened=check is failed[0])
    _list([check for check in failed if check not in told], "failed", ":material/close:")
    _list([check for check in verdict.checks if check.passed], "passed", ":material/check:")
    printed(verdict.stdout)
    notes(verdict.notes)


def headline(verdict: Verdict) -> str:
    """`Wrong · 6 of 8 checks · 31 ms · seed 8841`."""
    return " · ".join(
        (
            word(verdict.verdict),
            t("problems.checks", passed=count(verdict), all=len(verdict.checks)),
            duration(verdict.seconds),
            t("problems.seed", seed=verdict.seed),
        )
    )


def word(kind: str) -> str:
    """The verdict in one word or two."""
    return t(f"problems.verdict_{kind}")


def count(verdict: Verdict) -> int:
    """How many checks passed."""
    return sum(check.passed for check in verdict.checks)


def duration(seconds: float) -> str:
    """Milliseconds below one second, tenths of a second above."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def marks_of(verdict: Verdict, submission: int) -> Marks:
    """What the editor marks: the failing line with the reason, or nothing."""
    items = () if verdict.line is None else ((verdict.line, say(verdict.message)),)
    return Marks(f"submission {submission} {language()}", items)


def marks_of_run(result: RunResult, name: str) -> Marks:
    """What the editor marks after a run: the first line that raised."""
    raised = [(result.line, result.error), *((e.line, e.error) for e in result.examples)]
    items = tuple((line, say(error)) for line, error in raised if line is not None and error)
    return Marks(f"{name} {language()}", items[:1])


def _failure(check: CheckResult, submission: int, slug: str, *, opened: bool) -> None:
    """A check that did not pass: why, on what, and where to look closer."""
    label = t("problems.failed", title=one_line(say(check.title)))
    with st.expander(f":material/close: {label}", expanded=opened):
        st.markdown(literal(say(check.message)))
        detail = check.detail or {}
        _detail(detail)
        if "arrays" in detail:
            query = {"problem": slug, "submission": str(submission), "check": check.name}
            link("lab", t("problems.open_in_lab"), ":material/science:", **query)


def _list(checks: Sequence[CheckResult], word: str, icon: str) -> None:
    """Checks of which there is no more to say than whether they passed."""
    titles = [one_line(say(check.title)) for check in checks]
    if titles:
        lines = [f"{icon} {t(f'problems.{word}', title=title)}" for title in titles]
        st.markdown("  \n".join(lines))


def _detail(detail: dict[str, Any]) -> None:
    """Arrays side by side, and the call and inputs that gave them, where they are small."""
    both = detail.get("arrays")
    if both:
        names = (t("problems.yours"), t("problems.expected"), t("problems.difference"))
        index = detail.get("index")
        place = None if index is None else tuple(index)
        _html(lambda: arrays.compared(both["yours"], both["expected"], place, names))
    if detail.get("call"):
        st.caption(t("problems.call", call=f"`({detail['call']})`"))
    if detail.get("inputs"):
        with st.popover(t("problems.inputs"), type="tertiary"):
            _inputs(detail["inputs"])


def _inputs(inputs: dict[str, Any]) -> None:
    for name, value in inputs.items():
        if isinstance(value, list):
            _html(lambda name=name, value=value: _single(value, name))
        else:
            st.caption(f"{literal(name)} = `{value}`")


def draw_run(result: RunResult) -> None:
    """A run: every example with yours beside expected, and what was printed."""
    if result.error:
        st.error(literal(say(result.error)), icon=ICONS["error"])
    for example in result.examples:
        draw_example(example)
    printed(result.stdout)
    notes(result.notes)
    st.caption(t("problems.run_took", duration=duration(result.seconds)))


def draw_example(example: ExampleResult, *, alone: bool = False) -> None:
    """One worked example; `alone` shows what is expected and no submission beside it."""
    st.markdown(f"**{say(example.title)}**")
    if example.arguments:
        st.caption(t("problems.call", call=f"`({example.arguments})`"))
    expected = example.expected or ()
    wanted = list(zip(_titles(t("problems.expected"), len(expected)), expected, strict=True))
    if alone or example.error or not example.outputs:
        _html(lambda: _tables([*example.inputs.items(), *wanted]))
        if example.error and not alone:
            st.error(literal(say(example.error)), icon=ICONS["error"])
        return
    _html(lambda: _tables(example.inputs.items()))
    for number, (yours, (_, value)) in enumerate(zip(example.outputs, wanted, strict=False)):
        _pair(yours, value, number, len(wanted))
    if len(example.outputs) != len(wanted):
        counts = {"yours": len(example.outputs), "expected": len(wanted)}
        st.markdown(f":material/close: {t('problems.outputs_differ', **counts)}")


def _pair(yours: Array | str, expected: Array | str, number: int, count: int) -> None:
    """One output beside what is expected, with the difference if there is one."""
    sides = ("yours", "expected", "difference")
    first, second, third = (_titles(t(f"problems.{side}"), count)[number] for side in sides)
    same, worst = yours == expected, None
    if isinstance(yours, Array) and isinstance(expected, Array):
        mine, theirs = yours.data, expected.data
        fits = alike(yours.dtype, expected.dtype)
        same = fits and arrays.agree(mine, theirs)
        worst = None if same else arrays.farthest(mine, theirs)
        if not fits:
            first, second = f"{first} {yours.dtype}", f"{second} {expected.dtype}"
    if worst is None:
        _html(lambda: _tables(((first, yours), (second, expected))))
    else:
        _html(lambda: arrays.compared(mine, theirs, worst, (first, second, third)))
    icon = ":material/check:" if same else ":material/close:"
    st.markdown(f"{icon} {t('problems.agrees' if same else 'problems.differs')}")


def alike(dtype: str, wanted: str) -> bool:
    """Whether a result may have this dtype; one integer type is as good as another."""
    integers = {"int64", "int32", "int16", "int8"}
    return dtype == wanted or {dtype, wanted} <= integers


def _titles(name: str, count: int) -> list[str]:
    """`name`, numbered where there are several outputs."""
    return [name] if count == 1 else [f"{name} {number + 1}" for number in range(count)]


def _tables(values: Iterable[tuple[str, Array | str]]) -> str:
    shown = [
        arrays.alone(arrays.to_array(value.data), f"{name} {_shape(value)}")
        if isinstance(value, Array)
        else arrays.words(name, value)
        for name, value in values
    ]
    return arrays.page(shown) if shown else ""


def _shape(value: Array) -> str:
    return f"({', '.join(map(str, value.shape))}{',' if len(value.shape) == 1 else ''})"


def _single(value: Any, name: str) -> str:
    return arrays.page([arrays.alone(arrays.to_array(value), name)])


def _html(draw: Any) -> None:
    """Draw the markup; arrays that are no numbers (ragged or of text) are left to the message."""
    try:
        markup = draw()
    except (ValueError, TypeError):
        return
    if markup:
        st.html(markup)


def printed(stdout: str) -> None:
    """What the code printed, as it was printed."""
    if stdout:
        st.caption(t("problems.printed"))
        st.code(stdout.rstrip("\n"), language=None)


def notes(texts: Iterable[dict[str, str]]) -> None:
    """Footnotes of the judge: limits met, walls that do not stand here."""
    for text in texts:
        st.caption(literal(say(text)))


def literal(text: str) -> str:
    """Text of unknown origin, so that Markdown shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|~$<>:&])", r"\\\1", text).replace("\n", "  \n")
