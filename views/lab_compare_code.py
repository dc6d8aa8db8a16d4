"""Compare with the user's own code: a problem's draft or submission beside our solution.

The code runs where the judge runs it, in the sandbox; this page only gets numbers back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from grader.verdict import Array as Result
from grader.verdict import ExampleResult, GraderError, RunResult
from study.store import Submission
from views import lab_code_take
from views.charts import heatmap
from views.charts.heatmap import Panel, Thumbnail
from views.charts.tiles import Array, largest
from views.i18n import say, t
from views.lab_code_inputs import Drawn, drawn_after
from views.lab_code_setup import DRAFT, TIMES, Code
from views.lab_controls import choose, choose_seed
from views.lab_panels import one_scale, shape_text, subtract, words
from views.lab_setup import Setup
from views.lab_stages import MAP, picked
from views.lab_verdict import array_panel
from views.session import grader, kept, problems, store, user
from views.verdict import literal, notes, printed, word
from views.widgets import link

MODES = ("variants", "code")
ROUNDING = 1e-5  # relative to the largest value: what float32 may differ by here
_KEPT = "lab_code_result"


@dataclass(frozen=True)
class Outcome:
    """What a run gave, or why there is none."""

    result: RunResult | None = None
    drawn: Drawn | None = None
    trouble: str = ""


def wanted() -> bool:
    """Draw the choice between two variants and own code; whether it is own code."""
    chosen = choose(
        "lab_compare_mode", t("lab.compare_what"), MODES, lambda m: t(f"lab.compare_{m}")
    )
    return bool(chosen == "code")


def controls(setup: Setup) -> Setup:
    """Which problem, which code of it, and what to run it on."""
    known = {problem.slug: problem for problem in problems().problems}
    asked = [setup.code.slug] if setup.code.slug not in ("", *known) else []  # by a link
    slug = choose(
        "lab_code_slug",
        t("lab.code_problem"),
        [*asked, *known],
        lambda s: say(known[s].title) if s in known else s,
    )
    none: list[Submission] = []
    sent = {str(item.id): item for item in kept(lambda: store().submissions(user(), slug), none)}

    def name(source: str) -> str:
        if source == DRAFT:
            return t("lab.code_draft")
        verdict = (sent[source].verdict or {}).get("verdict")
        said = word(verdict) if verdict else t("problems.ungraded")
        return t("lab.code_submission", id=source, verdict=said)

    source = choose("lab_code_source", t("lab.code_source"), [DRAFT, *sent], name)
    inputs = choose(
        "lab_code_inputs", t("lab.code_inputs"), [*TIMES], lambda i: t(f"lab.code_on_{i}")
    )
    seed = choose_seed() if TIMES[inputs] else setup.seed
    code = Code(str(slug), str(source), str(inputs), setup.code.example)
    if code.slug != setup.code.slug:
        code = replace(code, example=0)
    return replace(setup, code=code, seed=seed)


def render(setup: Setup) -> None:
    """Yours, ours and the difference, or plainly why not."""
    problem = problems().get(setup.code.slug)
    if problem is None:
        st.warning(t("lab.code_unknown", slug=setup.code.slug), icon=":material/search_off:")
        return
    with st.container(horizontal=True):
        link("problems", say(problem.title), ":material/code:", slug=problem.slug)
    text = code_text(setup.code)
    if text is None:
        st.info(t("lab.code_none"), icon=":material/edit_note:")
        return
    outcome = _outcome(setup, text)
    if outcome.result is None:
        st.error(outcome.trouble, icon=":material/error:")
        return
    _draw(setup, outcome, outcome.result)
    printed(outcome.result.stdout)
    notes(outcome.result.notes)


def code_text(code: Code) -> str | None:
    """The code that is meant, None if there is none."""
    if code.source == DRAFT:
        draft = kept(lambda: store().draft(user(), code.slug), None)
        return draft.code if draft else None
    none: list[Submission] = []
    found = kept(lambda: store().submissions(user(), code.slug), none)
    return next((item.code for item in found if str(item.id) == code.source), None)


def _outcome(setup: Setup, text: str) -> Outcome:
    """The run of this code on these inputs; the last one is kept while only the view changes."""
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()
    code = setup.code
    key = (code, setup.seed if TIMES[code.inputs] else 0, digest)
    last = st.session_state.get(_KEPT)
    if last is None or last[0] != key:
        with st.spinner(t("lab.code_running")):
            last = (key, _run(code, setup.seed, text))
        st.session_state[_KEPT] = last
    found: Outcome = last[1]
    return found


def _run(code: Code, seed: int, text: str) -> Outcome:
    times = TIMES[code.inputs]
    try:
        if not times:
            return Outcome(grader().run(code.slug, text, user=user()))
        examples = grader().examples(code.slug).examples
        drawn = drawn_after(examples, code.example, times, seed)
        if drawn is None:
            return Outcome(trouble=t("lab.code_not_drawn"))
        result = grader().run(code.slug, text, drawn.inputs, drawn.arguments, user=user())
        return Outcome(result, drawn)
    except (GraderError, IndexError) as error:
        return Outcome(trouble=t("problems.no_grader", reason=literal(str(error))))


def _draw(setup: Setup, outcome: Outcome, result: RunResult) -> None:
    """The example that is chosen: its outputs as maps, or its error."""
    if result.error:
        st.error(literal(say(result.error)), icon=":material/error:")
    examples = result.examples
    if not examples:
        return
    example = _choose_example(setup, examples)
    if example.arguments:
        st.caption(t("lab.verdict_call", call=example.arguments))
    if example.error:
        st.error(literal(say(example.error)), icon=":material/error:")
    else:
        _results(setup, outcome, example)
    _inputs(example)


def _choose_example(setup: Setup, examples: tuple[ExampleResult, ...]) -> ExampleResult:
    if len(examples) == 1:
        return examples[0]
    at = min(setup.code.example, len(examples) - 1)
    key = f"lab_code_example_{setup.code.slug}"

    def chosen() -> None:
        code = replace(setup.code, example=int(st.session_state[key]))
        st.session_state["lab_setup"] = replace(setup, code=code)

    st.selectbox(
        t("lab.code_example"),
        range(len(examples)),
        index=at,
        format_func=lambda i: say(examples[i].title),
        key=key,
        on_change=chosen,
    )
    return examples[at]


def _results(setup: Setup, outcome: Outcome, example: ExampleResult) -> None:
    """One output: yours, ours, the difference with its largest element."""
    yours, ours = example.outputs or (), example.expected or ()
    if len(yours) != len(ours):
        counts = {"yours": len(yours), "expected": len(ours)}
        st.warning(t("problems.outputs_differ", **counts), icon=":material/shapes:")
    pairs: dict[int, tuple[Array, Array]] = {}
    for index, (mine, theirs) in enumerate(zip(yours, ours, strict=False)):
        numbers = as_numbers(mine), as_numbers(theirs)
        if numbers[0] is None or numbers[1] is None:
            same = t("problems.agrees" if mine == theirs else "problems.differs")
            st.caption(f"{t('lab.code_output', n=index + 1)}: {same}")
        else:
            pairs[index] = numbers[0], numbers[1]
    if pairs:
        _maps(setup, outcome, example, pairs)


def _maps(
    setup: Setup, outcome: Outcome, example: ExampleResult, pairs: dict[int, tuple[Array, Array]]
) -> None:
    """The chosen output of those that are tensors, under a strip of all of them."""
    titles = {i: t("lab.code_output", n=i + 1) for i in pairs}
    chosen = next((i for i in pairs if setup.stage == f"output {i + 1}"), min(pairs))
    mine, theirs = pairs[chosen]
    if mine.shape != theirs.shape:
        values = {"got": mine.shape, "expected": theirs.shape}
        st.warning(t("lab.verdict_shapes", **values), icon=":material/shapes:")
        panels = [*one_scale(*_both(mine, theirs))]
    else:
        panels = _with_difference(mine, theirs)
    strip = [_thumbnail(i, titles[i], pairs[i][1]) for i in pairs] if len(pairs) > 1 else []
    count = min(len(panel.values) for panel in panels)
    focus = setup.head if setup.head is not None and setup.head < count > 1 else None
    alt = f"{titles[chosen]}. {t('lab.difference')}: {panels[-1].title}"
    frame = heatmap.encode(
        panels,
        words(),
        alt=alt,
        strip=strip,
        selected=f"output {chosen + 1}",
        focus=focus,
        picks=("head",),
    )
    heatmap.mount(MAP, frame, picked)
    lab_code_take.exports(setup.code, example, outcome.drawn, panels, focus)


def as_numbers(value: Result | str) -> Array | None:
    """An output as float32, None for one that is no tensor."""
    if not isinstance(value, Result):
        return None
    array = np.asarray(value.data, dtype=np.float32)
    return array.reshape(value.shape) if array.size else None


def _both(mine: Array, theirs: Array) -> tuple[Panel, Panel]:
    return (
        array_panel(f"{t('lab.code_yours')} · {shape_text(mine.shape)}", mine),
        array_panel(f"{t('lab.code_ours')} · {shape_text(theirs.shape)}", theirs),
    )


def _with_difference(mine: Array, theirs: Array) -> list[Panel]:
    """Both panels and their difference, whose largest element is told."""
    gap = replace(array_panel(t("lab.difference"), subtract(mine, theirs)), signed=True, span=None)
    (tile, row, column), value = largest(gap.values)
    left, right = one_scale(*_both(mine, theirs))
    finite = np.abs(theirs[np.isfinite(theirs)])
    if abs(value) <= ROUNDING * max(1.0, float(finite.max(initial=0.0))):
        st.markdown(f":material/check: {t('lab.code_equal', value=f'{abs(value):.2g}')}")
    else:
        place = [gap.labels[tile], f"{gap.rows} {row}", f"{gap.columns} {column}"]
        where = ", ".join(part for part in place if part)
        a, b = (f"{panel.values[tile, row, column]:.4g}" for panel in (left, right))
        said = t("lab.code_largest", value=f"{value:.4g}", where=where, a=a, b=b)
        st.markdown(f":material/close: {said}")
    unit = t("lab.code_unit_difference")
    return [left, right, replace(gap, unit=unit)]


def _thumbnail(index: int, title: str, array: Array) -> Thumbnail:
    panel = array_panel(title, array)
    return Thumbnail(f"output {index + 1}", title, shape_text(array.shape), panel)


def _inputs(example: ExampleResult) -> None:
    """What both were given."""
    given = {name: as_numbers(value) for name, value in example.inputs.items()}
    for name, value in example.inputs.items():
        if given[name] is None:
            st.caption(f"{name} = {literal(value) if isinstance(value, str) else '[]'}")
    arrays = {name: array for name, array in given.items() if array is not None}
    if arrays:
        st.markdown(f"**{t('lab.verdict_inputs')}**")
        panels = [array_panel(f"{n} · {shape_text(a.shape)}", a) for n, a in arrays.items()]
        alt = ", ".join(item.title for item in panels)
        frame = heatmap.encode(panels, words(), alt=alt, picks=())
        nothing: Callable[[], None] = lambda: None  # noqa: E731 (there is nothing to enlarge)
        heatmap.mount("lab_code_inputs_map", frame, nothing)
