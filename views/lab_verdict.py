"""The inputs on which a submission failed: yours, expected, the difference, and what went in.

Opened from a failed verdict as `/lab?problem=<slug>&submission=<id>&check=<name>`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from study.store import Submission
from views import lab_verdict_take
from views.charts import heatmap
from views.charts.heatmap import Panel
from views.charts.tiles import Array, bounds, largest
from views.i18n import say, t
from views.lab_panels import one_scale, shape_text, subtract, words
from views.session import kept, problems, store, user
from views.widgets import link, plain

_FOCUS = "lab_verdict_head"


def render() -> None:
    """Draw the failed check that the address names, or say what of it is missing."""
    slug = st.query_params.get("problem", "")
    asked = st.query_params.get("submission", "")
    problem = problems().get(slug)
    title = say(problem.title) if problem else plain(slug)
    st.subheader(t("lab.verdict_title", problem=title))
    with st.container(horizontal=True):
        if problem:
            link("problems", t("lab.verdict_to_problem"), ":material/code:", slug=slug)
        variants = problem.variants if problem else ()
        query = {"variant": variants[0]} if variants else {"tab": "stages"}
        link("lab", t("lab.verdict_to_lab"), ":material/science:", **query)
    submission = _submission(slug, asked)
    if submission is None and problem is None:
        st.warning(t("lab.code_unknown", slug=plain(slug) or "?"), icon=":material/search_off:")
    elif submission is None:
        st.warning(t("lab.verdict_missing", id=plain(asked) or "?"), icon=":material/search_off:")
    elif submission.verdict is None:
        st.info(t("lab.verdict_pending", id=asked), icon=":material/hourglass_empty:")
    else:
        _checks(submission.verdict, asked)


def _submission(slug: str, asked: str) -> Submission | None:
    none: list[Submission] = []
    found = kept(lambda: store().submissions(user(), slug), none)
    return next((item for item in found if str(item.id) == asked), None)


def _checks(verdict: dict[str, Any], asked: str) -> None:
    """The check that the address names, else the first that failed; others can be chosen."""
    failed = {c["name"]: c for c in verdict["checks"] if not c["passed"] and c.get("detail")}
    if not failed:
        st.info(t("lab.verdict_no_check", id=asked), icon=":material/info:")
        return
    names = list(failed)
    wanted = st.query_params.get("check", "")
    name = st.selectbox(
        t("lab.verdict_check"),
        names,
        index=names.index(wanted) if wanted in names else 0,
        format_func=lambda n: say(failed[n]["title"]),
    )
    if name != wanted:
        st.query_params["check"] = name
    check = failed[name]
    st.text(say(check["message"]))
    _draw(verdict, check)


@st.fragment
def _draw(verdict: dict[str, Any], check: dict[str, Any]) -> None:
    """Yours, expected and the difference; below them the inputs of the call, and the files."""
    detail: dict[str, Any] = check["detail"]
    if detail.get("call"):
        st.caption(t("lab.verdict_call", call=detail["call"]))
    drawn = _results(detail)
    if drawn is None:
        st.info(t("lab.verdict_unkept"), icon=":material/info:")
    inputs = {name: as_array(value) for name, value in (detail.get("inputs") or {}).items()}
    given = {name: array for name, array in inputs.items() if array is not None}
    if given:
        st.markdown(f"**{t('lab.verdict_inputs')}**")
        panels = [
            array_panel(f"{n} · {shape_text(array.shape)}", array) for n, array in given.items()
        ]
        alt = ", ".join(item.title for item in panels)
        heatmap.mount(
            "lab_verdict_inputs", heatmap.encode(panels, words(), alt=alt, picks=()), _nothing
        )
    arrays = {name: as_array(value) for name, value in (detail.get("arrays") or {}).items()}
    known = {name: array for name, array in (arrays | inputs).items() if array is not None}
    lab_verdict_take.exports(verdict, check, drawn or [], known)


def _results(detail: dict[str, Any]) -> list[Panel] | None:
    """Draw yours beside expected, and their difference if they can be subtracted.

    None where there is nothing to say, an empty list where the shapes alone are known.
    """
    arrays = detail.get("arrays") or {}
    yours, expected = as_array(arrays.get("yours")), as_array(arrays.get("expected"))
    if yours is None or expected is None:
        if detail.get("shape_got") and detail.get("shape_got") != detail.get("shape_expected"):
            _say_shapes(tuple(detail["shape_got"]), tuple(detail["shape_expected"]))
            return []
        return None
    both = (
        array_panel(t("lab.verdict_yours"), yours),
        array_panel(t("lab.verdict_expected"), expected),
    )
    panels = list(one_scale(*both))
    alt = str(detail.get("what", ""))
    if yours.shape == expected.shape:
        gap = array_panel(t("lab.difference"), subtract(yours, expected))
        panels.append(gap)
        index, value = largest(gap.values)
        alt = f"{alt}: {value:.4g} {index}"
    else:
        _say_shapes(yours.shape, expected.shape)
    focus = st.session_state.get(_FOCUS)
    fits = isinstance(focus, int) and all(focus < len(item.values) for item in panels)
    frame = heatmap.encode(panels, words(), alt=alt, focus=focus if fits else None, picks=("head",))
    heatmap.mount("lab_verdict_map", frame, _picked)
    return panels


def _say_shapes(got: tuple[int, ...], expected: tuple[int, ...]) -> None:
    st.warning(t("lab.verdict_shapes", got=got, expected=expected), icon=":material/shapes:")


def as_array(value: Any) -> Array | None:
    """Nested lists of numbers or booleans as an array; None for anything else."""
    if not isinstance(value, list):
        return None
    try:
        array = np.asarray(value, dtype=np.float32)
    except (TypeError, ValueError):  # ragged, or of text
        return None
    return array if array.size else None


def array_panel(title: str, array: Array) -> Panel:
    """An array of any rank as a panel, its maps named by their leading index."""
    rows = array.shape[-2] if array.ndim > 1 else 1
    maps = array.reshape(-1, rows, array.shape[-1])
    names = tuple(", ".join(map(str, index)) for index in np.ndindex(*array.shape[:-2]))
    return Panel(
        title=title,
        values=maps,
        labels=names,
        rows=t("lab.axis_row"),
        columns=t("lab.axis_column"),
        unit=t("lab.unit_plain"),
        signed=bounds(maps)[0] < 0,
    )


def _picked() -> None:
    event = (st.session_state.get("lab_verdict_map") or {}).get("select")
    if event and event.get("kind") == "head":
        st.session_state[_FOCUS] = event.get("value")


def _nothing() -> None:
    """The inputs' maps are small: there is nothing to enlarge."""
