"""The problems: a folder is read whole, or left out with its mistakes named."""

from __future__ import annotations

from typing import Any

import pytest

MISTAKES = [
    ("  - {en: Three, zh: 三}\n", "", 7, "hints", "needs at least 3, has 2"),
    ("{en: Two, zh: 二}", "{en: Two}", 9, "hints[1].zh", "is missing"),
    ("level: easy", "level: trivial", 2, "level", "must be 'easy', 'medium' or 'hard'"),
    ("minutes: 10", 'minutes: "10"', 3, "minutes", "valid integer"),
    ("[foundations]", "[Foundations]", 5, "tags[0]", "does not match"),
    ("explanation: {", "explanations: {", 13, "explanations", 'did you mean "explanation"?'),
    ("[first]", "[frist]", 14, "questions[0]", 'no "frist"; did you mean "first"?'),
    ("[causal]", "[stages]", 15, "variants[0]", 'no "stages"'),
]


def test_a_good_folder_is_read_whole(repository: Any) -> None:
    found = repository.problems()
    assert found.errors == ()
    problem = found.get("softmax")
    assert problem.slug == "softmax"
    assert (problem.starter, problem.solution) == ("starter = 1\n", "solution = 1\n")
    assert [hint.en for hint in problem.hints] == ["One", "Two", "Three"]
    assert problem.follow_ups[0].answer.get("zh") == "答"
    assert found.get("nothing") is None


@pytest.mark.parametrize(("good", "bad", "line", "field", "message"), MISTAKES)
def test_a_mistake_leaves_out_its_problem_alone(
    repository: Any, good: str, bad: str, line: int, field: str, message: str
) -> None:
    text = repository.problem.read_text("utf-8")
    assert good in text
    repository.add_problem("broken", text.replace(good, bad))
    found = repository.problems()
    assert [problem.slug for problem in found.problems] == ["softmax"]
    errors = [error for error in found.errors if error.field == field]
    assert [(error.file.parent.name, error.line) for error in errors] == [("broken", line)]
    assert message in errors[0].message


@pytest.mark.parametrize("name", ["problem.yaml", "starter.py", "solution.py", "checks.py"])
def test_a_missing_file_is_named(repository: Any, name: str) -> None:
    folder = repository.add_problem("broken")
    (folder / name).unlink()
    found = repository.problems()
    assert [problem.slug for problem in found.problems] == ["softmax"]
    assert [error.file for error in found.errors] == [folder / name]


def test_a_source_that_is_not_utf8_is_named(repository: Any) -> None:
    folder = repository.add_problem("broken")
    (folder / "solution.py").write_bytes(b"# caf\xe9\n")
    (error,) = repository.problems().errors
    assert error.file == folder / "solution.py"
    assert "not UTF-8" in error.message


def test_a_yaml_file_that_cannot_be_parsed_is_named_once(repository: Any) -> None:
    repository.problem.write_text("title: {", "utf-8")
    found = repository.problems()
    assert found.problems == ()
    assert [error.file for error in found.errors] == [repository.problem]


def test_a_problem_stays_when_the_question_it_links_to_has_a_mistake(repository: Any) -> None:
    text = repository.core.read_text("utf-8").replace("level: easy", "level: simple", 1)
    repository.core.write_text(text, "utf-8")
    assert repository.bank().get("first") is None
    assert repository.problems().get("softmax") is not None


def test_folders_that_are_not_problems_are_passed_over(repository: Any) -> None:
    for name in ("__pycache__", ".cache", "_shared"):
        (repository.root / "solutions" / name).mkdir()
    (repository.root / "solutions" / "README.md").write_text("text")
    assert repository.problems().errors == ()


def test_what_is_asked_most_comes_first_and_of_that_the_easiest(repository: Any) -> None:
    text = repository.problem.read_text("utf-8")
    hard = text.replace("level: easy", "level: hard")
    often = text.replace("frequency: frequent", "frequency: very-frequent")
    repository.add_problem("a-hard", hard)
    repository.add_problem("z-often", often)
    repository.add_problem("b-easy", text)
    slugs = [problem.slug for problem in repository.problems().problems]
    assert slugs == ["z-often", "b-easy", "softmax", "a-hard"]
