"""Ways to answer before looking: free text, a choice, or a number, each checked and kept."""

from __future__ import annotations

import math
import re

import streamlit as st

from study.bank import Choice, Compute, Question
from study.store import StoreError
from study.text import Text
from views.i18n import say, t
from views.recall.notepad import notepad
from views.session import kept, store, store_errors, user
from views.widgets import one_line, plain

LETTERS = "ABCDEFGHIJ"

# Chinese keyboards type full width; copied text has the real minus sign.
_TYPED = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)} | {ord("\u2212"): "-"}
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(?!\d)[^,]*")


@st.fragment
def answering(question: Question) -> None:
    """The place for one's own answer, as this question wants it."""
    if question.choices:
        _choices(question.id, question.choices)
        return
    _own_words(question.id)
    if question.compute:
        _compute(question.id, question.compute)


def solution(question: Question) -> None:
    """What is right: the options with their reasons, or the number with its calculation."""
    if question.choices:
        _reasons(question.choices)
    elif question.compute:
        _result(question.compute)


def parse_number(text: str, unit: Text | None = None) -> float | None:
    """The number meant by `text` (1536, 1,536, 27,6, 1.5e9, 2/3), or None.

    The question's own `unit` may follow it.
    """
    bare = _bare(text)
    for ending in {unit.en, unit.zh} if unit else ():
        bare = bare.removesuffix(_bare(ending))
    try:
        numbers = [float(_with_point(part)) for part in bare.split("/")]
    except ValueError:
        return None
    if len(numbers) > 2 or 0 in numbers[1:] or not all(map(math.isfinite, numbers)):
        return None
    number = numbers[0] / numbers[1] if len(numbers) == 2 else numbers[0]
    return number if math.isfinite(number) else None


def _bare(text: str) -> str:
    """In ASCII as far as it can be, without blanks and underscores."""
    return "".join(text.translate(_TYPED).split()).replace("_", "")


def _with_point(number: str) -> str:
    """Commas as Python wants them: 1,536 is grouped, any other single comma is the point."""
    if _GROUPED.fullmatch(number):
        return number.replace(",", "")
    return number.replace(",", ".")  # two of them are no number


def judge_number(number: float, compute: Compute) -> str:
    """Whether `number` is the answer within its tolerance, and if not, how far off it is."""
    tolerance = max(compute.tolerance, 1e-9 * abs(compute.answer))
    if abs(number - compute.answer) <= tolerance:
        return t("questions.right")
    ratio = number / compute.answer if compute.answer else 0.0
    if ratio >= 1.05:
        return t("questions.too_large", factor=f"{ratio:.3g}")
    if 0 < ratio <= 1 / 1.05:
        return t("questions.too_small", factor=f"{1 / ratio:.3g}")
    return t("questions.not_equal")


def format_number(number: float) -> str:
    """A number as one reads it: whole ones with separators, others to 6 digits."""
    if number == int(number) and abs(number) < 1e15:
        return f"{int(number):,}"
    return f"{number:.6g}"


def _own_words(id: str) -> None:
    failure = f"failure_{id}"

    def save(text: str) -> None:
        st.session_state.pop(failure, None)
        try:
            store().save_answer(user(), id, text)
        except StoreError as error:
            st.session_state[failure] = t("common.store_error", reason=say(error.text))

    notepad(
        f"own_{id}",
        kept(lambda: store().answer(user(), id), ""),
        journal=f"headroom.answer.{user()}.{id}",
        failure=st.session_state.get(failure, ""),
        on_text=save,
    )


def _choices(id: str, choices: tuple[Choice, ...]) -> None:
    """Options to pick from; the letters picked are kept as the answer."""
    numbers = range(len(choices))
    right = {number for number in numbers if choices[number].correct}
    before = {LETTERS.find(letter) for letter in kept(lambda: store().answer(user(), id), "")}
    picked = _pick_one(id, choices, before) if len(right) == 1 else _pick_all(id, choices, before)
    if not st.button(t("questions.check"), key=f"check_{id}"):
        return
    with store_errors():
        store().save_answer(user(), id, "".join(LETTERS[number] for number in sorted(picked)))
    if not picked:
        st.info(t("questions.pick_first"))
    elif picked == right:
        st.success(t("questions.right"), icon=":material/check:")
        _reasons(choices)
    else:
        word = "missing" if picked < right else "wrong"
        st.warning(t(f"questions.choices_{word}"), icon=":material/close:")
        _reasons(choices, picked)


def _pick_one(id: str, choices: tuple[Choice, ...], before: set[int]) -> set[int]:
    number = st.radio(
        t("questions.pick_one"),
        range(len(choices)),
        index=next((number for number in before if 0 <= number < len(choices)), None),
        format_func=lambda number: _option(choices, number),
        key=f"choice_{id}",
    )
    return set() if number is None else {number}


def _pick_all(id: str, choices: tuple[Choice, ...], before: set[int]) -> set[int]:
    st.caption(t("questions.pick_all"))
    return {
        number
        for number in range(len(choices))
        if st.checkbox(_option(choices, number), number in before, key=f"choice_{id}_{number}")
    }


def _option(choices: tuple[Choice, ...], number: int) -> str:
    return f"{LETTERS[number]}. {one_line(say(choices[number].text))}"


def _reasons(choices: tuple[Choice, ...], only: set[int] | None = None) -> None:
    """Why each option (or each of those picked) is right or wrong."""
    for number, choice in enumerate(choices):
        if only is not None and number not in only:
            continue
        icon, word = (
            (":material/check:", "right") if choice.correct else (":material/close:", "wrong")
        )
        verdict = f"{icon} **{LETTERS[number]}** ({t(f'questions.option_{word}')})"
        st.markdown(f"{verdict}  \n{say(choice.why)}", anchors=False)


def _compute(id: str, compute: Compute) -> None:
    """A number to work out; what was entered is kept, as a setting beside the answer."""
    unit = compute.unit
    text = st.text_input(
        t("questions.number", unit=say(unit)) if unit else t("questions.number_bare"),
        kept(lambda: str(store().setting(user(), f"number.{id}", "")), ""),
        key=f"number_{id}",
        placeholder=t("questions.number_placeholder"),
        on_change=_save_number,
        args=(id,),
    )
    if not st.button(t("questions.check"), key=f"check_{id}"):
        return
    text = (text or "").strip()
    number = parse_number(text, unit)
    if not text:
        st.info(t("questions.number_first"))
    elif number is None:
        st.warning(t("questions.not_a_number", text=plain(text)))
    else:
        _tell(judge_number(number, compute))


def _result(compute: Compute) -> None:
    value = f"**{format_number(compute.answer)}**"
    if compute.unit:
        st.markdown(t("questions.result", value=value, unit=say(compute.unit)))
    else:
        st.markdown(t("questions.result_bare", value=value))
    st.code(compute.expression, language="python", wrap_lines=True)


def _save_number(id: str) -> None:
    with store_errors():
        store().set_setting(user(), f"number.{id}", st.session_state[f"number_{id}"] or "")


def _tell(judgement: str) -> None:
    if judgement == t("questions.right"):
        st.success(judgement, icon=":material/check:")
    else:
        st.warning(judgement, icon=":material/close:")
