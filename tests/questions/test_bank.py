"""The shipped question bank: every entry whole, in two languages, and true where it can be run."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
import yaml

from attention import variants
from study.bank import Bank, Question, load_bank
from views.lab_call import knobs
from views.lab_setup import read

QUESTIONS = Path(__file__).parents[2] / "questions"
LANGUAGES = ("en", "zh")
FIRST = (
    "what-is-attention",
    "self-and-cross-attention",
    "multi-head-attention",
    "efficient-attention",
)
# Chinese says in one character what English says in two to five letters.
SHORTEST, LONGEST = 0.17, 0.85
COMPARED_FROM = 40  # characters of English prose: shorter texts vary too much to compare
TOO_SIMILAR = 0.6

BANK = load_bank(QUESTIONS)
MATH = re.compile(r"\$\$(.+?)\$\$|\$([^$]+?)\$", re.DOTALL)
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
COMMAND = re.compile(r"\\([a-zA-Z]+|.)")
# What the page's KaTeX is known to draw; a new command is tried there before it is added.
KNOWN = (Path(__file__).parent / "katex_commands.txt").read_text("utf-8")
COMMANDS = frozenset(KNOWN.split()) | frozenset("{}|,;:!\\ %&#_$")


def texts(value: object, path: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    """Every bilingual text below `value`, with the path that leads to it."""
    if isinstance(value, dict):
        if set(value) == set(LANGUAGES):
            yield path, value
            return
        for key, below in value.items():
            yield from texts(below, f"{path}.{key}")
    elif isinstance(value, (list, tuple)):
        for index, below in enumerate(value):
            yield from texts(below, f"{path}[{index}]")


def prose(text: str) -> str:
    """The text without code and formulas, which both languages share."""
    return MATH.sub("", CODE.sub("", text))


def formulas(text: str) -> list[str]:
    return [display or inline for display, inline in MATH.findall(CODE.sub("", text))]


def dump(question: Question) -> list[tuple[str, dict[str, str]]]:
    return list(texts(question.model_dump(), question.id))


def with_field(field: str) -> list[Question]:
    return [question for question in BANK.questions if getattr(question, field) is not None]


each_question = pytest.mark.parametrize("question", BANK.questions, ids=lambda q: q.id)


def test_every_entry_is_read_without_a_mistake() -> None:
    assert [f"{e.file}: {e.field}: {e.message}" for e in BANK.errors] == []
    written = sum(
        len(yaml.safe_load(file.read_text("utf-8"))["questions"])
        for file in QUESTIONS.glob("*.yaml")
    )
    assert len(BANK.questions) == written > 0


def test_ids_and_topics_are_unique() -> None:
    ids = [question.id for question in BANK.questions]
    assert len(ids) == len(set(ids))
    assert len(BANK.topics) == len(list(QUESTIONS.glob("*.yaml")))
    assert len({topic.order for topic in BANK.topics}) == len(BANK.topics)


def test_the_first_four_questions_stay() -> None:
    for id in FIRST:
        assert BANK.get(id) is not None, id


@each_question
def test_languages_are_of_comparable_length(question: Question) -> None:
    for path, text in dump(question):
        english, chinese = (prose(text[language]).strip() for language in LANGUAGES)
        assert text["en"].strip(), path
        assert text["zh"].strip(), path
        if len(english) >= COMPARED_FROM:
            ratio = len(chinese) / len(english)
            assert SHORTEST < ratio < LONGEST, f"{path}: {ratio:.2f}"
            assert re.search("[\u4e00-\u9fff]", chinese), f"{path} is not Chinese"
        assert not re.search("[\u4e00-\u9fff]", text["en"]), f"{path} is not English"


@each_question
def test_both_languages_hold_the_same_structure(question: Question) -> None:
    for path, text in dump(question):
        english, chinese = text["en"], text["zh"]
        for mark in ("```", "$$", "\n| ", "\n- ", "\n1. "):
            assert english.count(mark) == chinese.count(mark), f"{path}: {mark!r}"


@each_question
def test_formulas_are_delimited_and_balanced(question: Question) -> None:
    for path, text in dump(question):
        for language in LANGUAGES:
            where = f"{path}.{language}"
            bare = CODE.sub("", text[language])
            assert bare.count("$") % 2 == 0, f"{where}: odd number of dollar signs"
            assert "$" not in MATH.sub("", bare), f"{where}: a dollar sign outside a formula"
            for formula in formulas(text[language]):
                check_formula(formula, where)


def check_formula(formula: str, where: str) -> None:
    bare = re.sub(r"\\[{}]", "", formula)
    assert bare.count("{") == bare.count("}"), f"{where}: braces in {formula}"
    assert formula.count(r"\left") - formula.count(r"\leftarrow") - formula.count(
        r"\leftrightarrow"
    ) == formula.count(r"\right") - formula.count(r"\rightarrow"), f"{where}: \\left in {formula}"
    assert formula.count(r"\begin") == formula.count(r"\end"), f"{where}: \\begin in {formula}"
    unknown = set(COMMAND.findall(formula)) - COMMANDS
    assert not unknown, f"{where}: {unknown} in {formula}"


@each_question
def test_table_rows_have_the_columns_of_their_head(question: Question) -> None:
    for path, text in dump(question):
        for language in LANGUAGES:
            for table in re.findall(r"(?:^\|.*\n?)+", text[language], re.MULTILINE):
                columns = {row.count("|") for row in table.strip().split("\n")}
                assert len(columns) == 1, f"{path}.{language}: {table}"


@each_question
def test_chinese_is_punctuated_as_chinese(question: Question) -> None:
    for path, text in dump(question):
        bare = CODE.sub("", text["zh"])
        plain = MATH.sub("", bare).replace("*", "")
        assert not re.search(r"[\u4e00-\u9fff][,;:?!()]", plain), path
        assert not re.search(
            r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]", MATH.sub("", bare)
        ), f"{path}: no space between Chinese and Latin"


def unclosed_bold(text: str) -> list[str]:
    """Bold that ends in a full-width mark with a letter or digit behind it: `**` stays open."""
    lines = MATH.sub("$", CODE.sub("`", text))
    return [
        bold[0]
        for bold in re.finditer(r"\*\*(.+?)\*\*(\w?)", lines)
        if bold[1][-1] in "，。：；！？、）》”" and bold[2]
    ]


@each_question
def test_bold_text_is_closed(question: Question) -> None:
    for path, text in dump(question):
        assert unclosed_bold(text["zh"]) == [], path


def test_unclosed_bold_is_told_from_closed_and_opening() -> None:
    assert unclosed_bold("**慢：**论文") == ["**慢：**论"]
    assert unclosed_bold("**慢**：论文，**快**。**a：** b") == []


@pytest.mark.parametrize("question", with_field("compute"), ids=lambda q: q.id)
def test_a_unit_in_words_is_translated(question: Question) -> None:
    if unit := question.compute.unit:
        english, chinese = (set(re.findall(r"\b[a-z]{3,}\b", say)) for say in (unit.en, unit.zh))
        assert not english & chinese


@pytest.mark.parametrize("question", with_field("demo"), ids=lambda q: q.id)
def test_demo_shows_what_the_answer_claims(question: Question) -> None:
    assert "assert " in question.demo, "a demo asserts its claim"
    first, second = run(question), run(question)
    assert first.strip(), "a demo prints what it shows"
    assert first == second, "a demo is deterministic"


def run(question: Question) -> str:
    """What the demo prints; warnings are errors here, as in every test."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(question.demo, question.id, "exec"), {"__name__": "demo"})
    return printed.getvalue()


@pytest.mark.parametrize("question", with_field("compute"), ids=lambda q: q.id)
def test_computed_answer_is_right(question: Question) -> None:
    compute = question.compute
    value = eval(compile(compute.expression, question.id, "eval"), {})
    assert abs(value - compute.answer) <= compute.tolerance


@pytest.mark.parametrize("question", with_field("choices"), ids=lambda q: q.id)
def test_choices_differ_and_both_kinds_occur(question: Question) -> None:
    assert {choice.correct for choice in question.choices} == {True, False}
    for language in LANGUAGES:
        options = [choice.text.get(language) for choice in question.choices]
        assert len(set(options)) == len(options)


@cache
def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z0-9]+", text.lower()))


def test_lab_links_ask_for_what_the_lab_has() -> None:
    names = list(variants())
    for question in BANK.questions:
        for link in question.lab:
            complaints = read(dict(parse_qsl(link.query)), names, knobs)[1]
            assert complaints == [], f"{question.id}: {link.query}"


def similarity(left: str, right: str) -> float:
    """Words in common over words in either, 0 to 1."""
    one, other = words(left), words(right)
    return len(one & other) / max(1, len(one | other))


def pairs(bank: Bank) -> Iterator[tuple[Question, Question]]:
    return combinations(bank.questions, 2)


def test_no_two_questions_are_the_same() -> None:
    for one, other in pairs(BANK):
        assert similarity(one.question.en, other.question.en) < TOO_SIMILAR, (one.id, other.id)
        assert similarity(one.answer.en, other.answer.en) < TOO_SIMILAR, (one.id, other.id)


def test_similarity_tells_a_rewording_from_another_question() -> None:
    asked = "Why are the scores divided by the square root of the head dimension?"
    reworded = "Why is the score divided by the square root of the head dimension?"
    assert similarity(asked, reworded) > TOO_SIMILAR
    assert similarity(asked, "Why does decoding need a cache of keys and values?") < 0.3
