"""The bank: what is right is read, what is wrong is named by file, line and field."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from study.bank import load_bank
from study.document import DataError

WRONG_CHOICES = """\
  choices:
    - {text: {en: A, zh: 甲}, correct: false, why: {en: B, zh: 乙}}
    - {text: {en: C, zh: 丙}, correct: false, why: {en: D, zh: 丁}}"""
ONE_SIDED = "  compute: {unit: {en: days}, expression: '1', answer: 1, tolerance: 0}"
ENDLESS = "  compute: {unit: GB, expression: 1 + 1, answer: .inf, tolerance: 0}"

# What stands in the file, what an author made of it, the field it is told under, and the words.
MISTAKES = [
    ("  level: easy", "  level: simple", "level", "must be 'easy', 'medium' or 'hard'"),
    ("  lab:\n", "  labs:\n", "labs", 'unknown key; did you mean "lab"?'),
    ("  frequency: frequent", "  frequency: daily", "frequency", "not 'daily'"),
    ("  minutes: 3", "  minutes: three", "minutes", "valid integer"),
    ("  minutes: 3", "  minutes: true", "minutes", "valid integer"),
    ("  minutes: 3", "  minutes: 0", "minutes", "greater than or equal to 1"),
    ("  roles: [general]", "  roles: []", "roles", "needs at least 1, has 0"),
    ("  roles: [general]", "  roles: general", "roles", "must be a list"),
    ("  short: {en: Short first, zh: 简短回答}", "  short: {en: Short}", "short.zh", "is missing"),
    ("  short: {en: Short first, zh: 简短回答}", "  short: Short", "short", "mapping"),
    ("简短回答", '" "', "short.zh", "is empty"),
    ("简短回答", "42", "short.zh", "must be text"),
    ("简短回答", "!!python/object:os.system x", "short.zh", "is not supported"),
    ("  minutes: 3", "  minutes: 3\n  level: hard", "level", "stands twice; first on line 4"),
    ("    - {en: Two, zh: 二}", "    - {en: Two}", "rubric[1].zh", "is missing"),
    ("    - {en: Two, zh: 二}\n", "", "rubric", "needs at least 3, has 2"),
    ("https://example.org/paper", "example.org", "sources[0].url", "'example.org'"),
    ("[causal]", "[causal, casual]", "variants[1]", 'there is no "casual"; did you mean "causal"?'),
    ("[causal]", "[stages]", "variants[0]", 'there is no "stages"'),
    ("[softmax]", "[soft-max]", "problems[0]", 'there is no "soft-max"; did you mean "softmax"?'),
    ("variant=causal&", "variant=causul&", "lab[0].query", 'there is no variant "causul"'),
    ("- id: first", "- id: First One", "id", "'First One' does not match"),
    ("- id: first", "- id: second", None, 'the id "second" is taken; first in core.yaml:3'),
    ("  minutes: 3", "  minutes: 3\n" + WRONG_CHOICES, "", "none of the choices is correct"),
    ("  minutes: 3", "  minutes: 3\n" + ONE_SIDED, "compute.unit.zh", "is missing"),
    ("  minutes: 3", "  minutes: 3\n" + ENDLESS, "compute.answer", "valid number"),
]


def test_a_good_bank_is_read_whole(repository: Any) -> None:
    bank = repository.bank()
    assert bank.errors == ()
    assert [question.id for question in bank.questions] == ["first", "second"]
    first = bank.get("first")
    assert first.topic == "core"
    assert first.question.get("zh") == "为什么需要它？"
    assert first.answer.en == "Full first"
    assert first.lab[0].query == "variant=causal&heads=4"
    assert (first.choices, first.compute, first.demo) == (None, None, None)
    assert bank.topic("core").title.en == "Topic core"
    assert bank.get("nothing") is None
    assert bank.topic("nothing") is None


@pytest.mark.parametrize(("good", "bad", "field", "message"), MISTAKES)
def test_a_mistake_is_named_and_leaves_out_its_entry_alone(
    repository: Any, good: str, bad: str, field: str | None, message: str
) -> None:
    text = repository.core.read_text("utf-8")
    assert good in text
    changed = text.replace(good, bad, 1)
    repository.core.write_text(changed, "utf-8")
    bank = repository.bank()
    entry = 1 if field is None else 0  # of two equal ids the second is the mistake
    assert [question.id for question in bank.questions] == ["second"]
    (error,) = bank.errors
    assert error.file == repository.core
    assert error.field == f"questions[{entry}].{field or ('id' if field is None else '')}".strip(
        "."
    )
    assert message in error.message
    assert error.line == expected_line(changed, error.field, good, bad)


def expected_line(text: str, field: str, good: str, bad: str) -> int:
    """Line of the change, or of what it belongs to where the change is not the place itself."""
    lines = text.splitlines()
    if field == "questions[0]":
        return lines.index("- id: first") + 1
    if field == "questions[1].id":
        return len(lines) - lines[::-1].index("- id: second")
    if field == "questions[0].rubric":
        return lines.index("  rubric:") + 1
    last = (bad or good).splitlines()[-1]
    return next(number for number, line in enumerate(lines, 1) if last in line)


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("GiB", {"en": "GiB", "zh": "GiB"}),
        ("{en: tokens, zh: 词元}", {"en": "tokens", "zh": "词元"}),
        ('""', None),
    ],
)
def test_a_unit_is_a_symbol_or_in_both_languages(
    repository: Any, written: str, unit: dict[str, str] | None
) -> None:
    compute = f"  compute: {{unit: {written}, expression: '1', answer: 1, tolerance: 0}}"
    text = repository.core.read_text("utf-8").replace("  minutes: 3", f"  minutes: 3\n{compute}", 1)
    repository.core.write_text(text, "utf-8")
    bank = repository.bank()
    assert bank.errors == ()
    assert bank.get("first").compute.model_dump()["unit"] == unit


def test_every_mistake_of_an_entry_is_named(repository: Any) -> None:
    text = repository.core.read_text("utf-8")
    for good, bad in (("level: easy", "level: simple"), ("minutes: 3", "minutes: 3.5")):
        text = text.replace(good, bad, 1)
    repository.core.write_text(text.replace("[causal]", "[nothing]", 1), "utf-8")
    fields = [error.field for error in repository.bank().errors]
    assert fields == ["questions[0].level", "questions[0].minutes"]


def test_a_misspelt_key_is_both_unknown_and_missing(repository: Any) -> None:
    text = repository.core.read_text("utf-8").replace("  level: easy", "  levle: easy", 1)
    repository.core.write_text(text, "utf-8")
    missing, unknown = repository.bank().errors
    assert (missing.line, missing.field, missing.message) == (3, "questions[0].level", "is missing")
    assert (unknown.line, unknown.field) == (4, "questions[0].levle")
    assert unknown.message == 'unknown key; did you mean "level"?'


def test_a_missing_key_is_told_on_the_line_where_its_entry_begins(repository: Any) -> None:
    text = repository.core.read_text("utf-8").replace("  minutes: 3\n", "", 1)
    repository.core.write_text(text, "utf-8")
    (error,) = repository.bank().errors
    assert (error.line, error.field, error.message) == (3, "questions[0].minutes", "is missing")


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"questions: [", 1, "is not valid YAML"),
        (b"topic: {}\nquestions:\n\t- id: x\n", 3, "spaces, not tabs"),
        (b"topic: {}\nquestions:\n- id: \xff\xfe\n", 3, "is not UTF-8"),
        ("topic: x\n".encode("utf-16"), 1, "is not UTF-8"),
        (b"a: \x00b\n", 1, "is not valid YAML"),
        (b"- just\n- a list\n", 1, "needs `topic` and `questions`"),
        (b"", 1, "needs `topic` and `questions`"),
        (b"[" * 5000, 1, "is not valid YAML"),
        (b"a: &x [*x]\n", 1, "aliases"),
    ],
)
def test_a_file_that_cannot_be_read_leaves_the_others(
    repository: Any, content: bytes, line: int, message: str
) -> None:
    bad = repository.core.with_name("bad.yaml")
    bad.write_bytes(content)
    bank = repository.bank()
    assert [question.id for question in bank.questions] == ["first", "second"]
    error = next(error for error in bank.errors if message in error.message)
    assert (error.file, error.line) == (bad, line)


def test_a_folder_in_place_of_a_file_is_a_mistake_too(repository: Any) -> None:
    repository.core.with_name("folder.yaml").mkdir()
    bank = repository.bank()
    assert len(bank.questions) == 2
    assert [error.message for error in bank.errors] == ["cannot be read: Is a directory"]
    assert repository.problems().errors == ()


def test_a_file_that_would_be_passed_over_is_named(repository: Any) -> None:
    repository.core.rename(repository.core.with_suffix(".yml"))
    repository.core.with_name(".#core.yaml").write_text("an editor's lock")
    bank = repository.bank()
    assert bank.questions == ()
    assert [error.message for error in bank.errors] == ["is not read: rename it to end in .yaml"]


def test_an_id_is_unique_across_files(repository: Any, write_entry: Any, write_topic: Any) -> None:
    other = repository.core.with_name("other.yaml")
    other.write_text(write_topic("other", write_entry("new"), write_entry("first")), "utf-8")
    bank = repository.bank()
    assert [question.id for question in bank.questions] == ["first", "second", "new"]
    (error,) = bank.errors
    assert error.file == other
    assert error.field == "questions[1].id"
    assert error.message == 'the id "first" is taken; first in core.yaml:3'


def test_an_id_stays_taken_when_its_entry_is_broken(repository: Any) -> None:
    """Otherwise a mistake in one entry would bring up a copy of it further down."""
    text = repository.core.read_text("utf-8").replace("- id: second", "- id: first")
    repository.core.write_text(text.replace("level: easy", "level: simple", 1), "utf-8")
    bank = repository.bank()
    assert bank.questions == ()
    assert [error.field for error in bank.errors] == ["questions[0].level", "questions[1].id"]


@pytest.mark.parametrize(
    ("head", "field"),
    [
        ("topic: {id: core, title: {en: Core, zh: 基础}}\n", "topic.order"),
        ("topic: {id: core, title: {en: Core}, order: 1}\n", "topic.title.zh"),
        ("topic: {id: core, title: {en: C, zh: 基}, order: 1, order: 2}\n", "topic.order"),
        ("topic: core\n", "topic"),
        ("", "topic"),
    ],
)
def test_a_broken_topic_is_named_and_its_questions_stay(
    repository: Any, head: str, field: str
) -> None:
    body = repository.core.read_text("utf-8").split("\n", 1)[1]
    repository.core.write_text(head + body, "utf-8")
    bank = repository.bank()
    assert [error.field for error in bank.errors] == [field]
    assert [question.topic for question in bank.questions] == ["core", "core"]
    assert bank.topic("core").title.zh == "core"


def test_two_files_cannot_share_a_topic(
    repository: Any, write_entry: Any, write_topic: Any
) -> None:
    other = repository.core.with_name("other.yaml")
    other.write_text(write_topic("core", write_entry("new")), "utf-8")
    bank = repository.bank()
    assert [error.field for error in bank.errors] == ["topic.id"]
    assert bank.get("new").topic == "core"
    assert len(bank.topics) == 1


def test_other_keys_of_the_file_are_mistakes(repository: Any) -> None:
    text = repository.core.read_text("utf-8")
    repository.core.write_text(text + "question: []\n", "utf-8")
    bank = repository.bank()
    assert [(error.field, error.message) for error in bank.errors] == [("question", "unknown key")]
    assert len(bank.questions) == 2


def test_questions_stand_in_the_order_of_their_topics(
    repository: Any, write_entry: Any, write_topic: Any
) -> None:
    text = write_topic("a-last", write_entry("third"), order=9)
    repository.core.with_name("a-last.yaml").write_text(text, "utf-8")
    bank = repository.bank()
    assert [topic.id for topic in bank.topics] == ["core", "a-last"]
    assert [question.id for question in bank.questions] == ["first", "second", "third"]


def test_an_error_reads_like_a_compiler_message(
    repository: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.root)
    error = DataError(repository.core, 7, "questions[0].level", "is missing")
    assert str(error) == "questions/core.yaml:7: questions[0].level: is missing"
    assert str(DataError(Path("/else/x.yaml"), 1, "", "is gone")) == "/else/x.yaml:1: is gone"


def test_no_question_may_be_changed_by_mistake(repository: Any) -> None:
    with pytest.raises(ValueError, match="frozen"):
        repository.bank().questions[0].level = "hard"


def test_the_garbage_collector_runs_again_after_loading(repository: Any) -> None:
    repository.bank()
    assert gc.isenabled()


def test_a_missing_folder_is_an_empty_bank(tmp_path: Path) -> None:
    assert load_bank(tmp_path / "nothing").questions == ()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_damage_to_a_file_ever_raises_or_touches_another(repository: Any, data: Any) -> None:
    """Bytes cut out of and put into a good file: the bank still loads, and says what it lost."""
    good = repository.core.read_bytes()
    damaged = repository.core.with_name("damaged.yaml")
    text = good.replace(b"id: core", b"id: other")
    text = text.replace(b"id: first", b"id: third").replace(b"id: second", b"id: fourth")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 60)))
    noise = st.sampled_from(
        [b"", b"\t", b"- ", b": ", b"{", b"]", b"&a ", b"*a", b"\n", b"\xff", b"|"]
    )
    damaged.write_bytes(text[:start] + data.draw(noise | st.binary(max_size=4)) + text[end:])
    bank = repository.bank()
    ids = {question.id for question in bank.questions}
    assert ids >= {"first", "second"}
    mistakes = [error for error in bank.errors if error.file == damaged]
    assert mistakes or len(ids) == 4  # nothing is left out in silence
    lines = damaged.read_bytes().count(b"\n") + 1
    assert all(1 <= error.line <= lines for error in mistakes)
