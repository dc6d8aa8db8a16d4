"""Where the user stands, and the one thing to do next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from study.progress import (
    Count,
    Step,
    next_step,
    read_by_topic,
    read_count,
    solved_by_tag,
    solved_count,
)
from study.store import Rating, Submission

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
TITLE = {"en": "Heads are merged", "zh": "各头已合并"}
MESSAGE = {"en": "Line 3 does not parse.", "zh": "第 3 行有语法错误。"}


def submission(slug: str, day: int, verdict: str | None, **more: Any) -> Submission:
    whole = None if verdict is None else {"verdict": verdict, "message": MESSAGE, **more}
    return Submission(day, slug, "code", MONDAY + timedelta(days=day), whole)


def rating(word: Any, day: int = 0) -> Rating:
    return Rating(word, MONDAY + timedelta(days=day))


CHECKS = [
    {"name": "check_shape", "passed": True, "title": {"en": "Shape", "zh": "形状"}},
    {"name": "check_merge", "passed": False, "title": TITLE},
    {"name": "check_values", "passed": False, "title": {"en": "Values", "zh": "数值"}},
]


@pytest.fixture
def content(repository: Any, write_entry: Any, write_topic: Any) -> tuple[Any, Any]:
    """Questions rare, usual, often (by how often they are asked); problems alibi, softmax."""
    entries = (
        write_entry("rare", frequency="occasional"),
        write_entry("usual", level="medium"),
        write_entry("often", level="hard", frequency="very-frequent"),
    )
    text = write_topic("core", *entries).replace("id: rare", "id: first", 1)
    repository.core.write_text(text.replace("id: first", "id: rare"), "utf-8")
    problem = repository.problem.read_text("utf-8").replace("[first]", "[rare]")
    repository.problem.write_text(problem, "utf-8")
    repository.add_problem("alibi", problem.replace("[foundations]", "[foundations, positions]"))
    bank, problems = repository.bank(), repository.problems()
    assert bank.errors == problems.errors == ()
    return bank.questions, problems.problems


def test_at_first_it_is_what_is_asked_most(content: tuple[Any, Any]) -> None:
    assert next_step(*content, [], {}) == Step("question", "often", "next")


def test_after_that_what_is_asked_less_and_of_that_the_easiest(content: tuple[Any, Any]) -> None:
    ratings = {"often": rating("good")}
    solved: list[Submission] = []
    order = []
    while (step := next_step(*content, solved, ratings)) is not None:
        order.append(step.id)
        if step.kind == "question":
            ratings[step.id] = rating("easy")
        else:
            solved = [submission(step.id, 1, "accepted"), *solved]
    assert order == ["alibi", "softmax", "usual", "rare"]


def test_a_question_comes_before_a_problem_that_is_asked_as_much(
    content: tuple[Any, Any],
) -> None:
    questions, problems = content
    easy = [questions[1].model_copy(update={"level": "easy"})]
    assert next_step(easy, problems, [], {}) == Step("question", "usual", "next")


def test_the_last_failure_comes_first_with_the_check_that_failed(content: tuple[Any, Any]) -> None:
    submissions = [
        submission("softmax", 3, None),
        submission("alibi", 2, "wrong", checks=CHECKS),
        submission("softmax", 1, "wrong", checks=CHECKS),
    ]
    step = next_step(*content, submissions, {"often": rating("again")})
    assert step == Step("problem", "alibi", "failed", TITLE, MONDAY + timedelta(days=2))


def test_without_a_failed_check_it_is_what_the_verdict_says(content: tuple[Any, Any]) -> None:
    step = next_step(*content, [submission("alibi", 1, "error", checks=[])], {})
    assert step is not None
    assert step.detail == MESSAGE


def test_a_problem_once_solved_has_not_failed(content: tuple[Any, Any]) -> None:
    submissions = [
        submission("alibi", 2, "wrong", checks=CHECKS),
        submission("alibi", 1, "accepted"),
    ]
    assert next_step(*content, submissions, {}) == Step("question", "often", "next")


def test_a_problem_that_is_gone_is_passed_over(content: tuple[Any, Any]) -> None:
    step = next_step(*content, [submission("renamed", 1, "wrong", checks=CHECKS)], {})
    assert step == Step("question", "often", "next")


def test_then_the_question_that_waits_longest_to_be_seen_again(content: tuple[Any, Any]) -> None:
    ratings = {
        "rare": rating("again", 2),
        "usual": rating("again", 1),
        "gone": rating("again", 0),
        "often": rating("hard", 0),
    }
    step = next_step(*content, [], ratings)
    assert step == Step("question", "usual", "again", when=MONDAY + timedelta(days=1))


def test_when_everything_is_done_there_is_nothing_to_do(content: tuple[Any, Any]) -> None:
    questions, problems = content
    ratings = {question.id: rating("good") for question in questions}
    solved = [submission(problem.slug, 1, "accepted") for problem in problems]
    assert next_step(questions, problems, solved, ratings) is None
    assert next_step([], [], [], {}) is None


def test_counts_of_questions(content: tuple[Any, Any]) -> None:
    questions, _ = content
    ratings = {"rare": rating("again"), "gone": rating("good")}
    assert read_count(questions, ratings) == Count(1, 3)
    other = questions[0].model_copy(update={"id": "other", "topic": "serving"})
    counts = read_by_topic([*questions, other], ratings)
    assert list(counts.items()) == [("core", Count(1, 3)), ("serving", Count(0, 1))]


def test_counts_of_problems(content: tuple[Any, Any]) -> None:
    _, problems = content
    states: dict[str, Any] = {"alibi": "solved", "softmax": "tried", "gone": "solved"}
    assert solved_count(problems, states) == Count(1, 2)
    counts = solved_by_tag(problems, states)
    assert counts == {"foundations": Count(1, 2), "positions": Count(1, 1)}
