"""Where the user stands, and what to do next. Pure functions of what the store and bank hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from study.bank import Question
from study.entry import rank
from study.problems import Problem

if TYPE_CHECKING:  # counting does not need the database
    from study.store import ProblemState, Rating, Submission


@dataclass(frozen=True)
class Step:
    """What to do next: open the question or problem `id`, and why.

    `failed`: a problem not solved yet; `detail` is the check that failed (or the verdict's
    message) as {"en": …, "zh": …}, if there is one. `again`: a question rated so. `next`: the
    first not yet read or solved. `when` is the time of the submission or rating.
    """

    kind: Literal["problem", "question"]
    id: str
    reason: Literal["failed", "again", "next"]
    detail: dict[str, str] | None = None
    when: datetime | None = None


@dataclass(frozen=True)
class Count:
    """How many are done, of how many."""

    done: int
    total: int


def next_step(
    questions: Sequence[Question],
    problems: Sequence[Problem],
    submissions: Sequence[Submission],
    ratings: Mapping[str, Rating],
) -> Step | None:
    """The one thing to do next, or None when everything is read and solved.

    `submissions` newest first, as `Store.submissions` gives them.
    """
    solved = {submission.slug for submission in submissions if submission.accepted}
    return (
        _last_failure(problems, submissions, solved)
        or _forgotten(questions, ratings)
        or _first_new(questions, problems, solved, ratings)
    )


def read_count(questions: Iterable[Question], ratings: Mapping[str, Rating]) -> Count:
    """Questions read: those that the user has rated."""
    return _count(question.id in ratings for question in questions)


def read_by_topic(questions: Iterable[Question], ratings: Mapping[str, Rating]) -> dict[str, Count]:
    """Questions read, by topic id, in the order of the bank."""
    groups: defaultdict[str, list[bool]] = defaultdict(list)
    for question in questions:
        groups[question.topic].append(question.id in ratings)
    return {topic: _count(done) for topic, done in groups.items()}


def solved_count(problems: Iterable[Problem], states: Mapping[str, ProblemState]) -> Count:
    """Problems solved."""
    return _count(states.get(problem.slug) == "solved" for problem in problems)


def solved_by_tag(
    problems: Iterable[Problem], states: Mapping[str, ProblemState]
) -> dict[str, Count]:
    """Problems solved, by tag, in the order in which the tags first appear."""
    groups: defaultdict[str, list[bool]] = defaultdict(list)
    for problem in problems:
        for tag in problem.tags:
            groups[tag].append(states.get(problem.slug) == "solved")
    return {tag: _count(done) for tag, done in groups.items()}


def _count(done: Iterable[bool]) -> Count:
    flags = list(done)
    return Count(sum(flags), len(flags))


def _last_failure(
    problems: Iterable[Problem], submissions: Iterable[Submission], solved: set[str]
) -> Step | None:
    """The problem that failed last and was never solved."""
    known = {problem.slug for problem in problems}
    for submission in submissions:
        if submission.verdict and submission.slug in known and submission.slug not in solved:
            detail = _reason(submission.verdict)
            return Step("problem", submission.slug, "failed", detail, submission.submitted_at)
    return None


def _reason(verdict: Mapping[str, Any]) -> dict[str, str] | None:
    """The title of the first check that failed, else what the verdict says."""
    for check in verdict.get("checks", ()):
        if not check["passed"]:
            title: dict[str, str] = check["title"]
            return title
    message: dict[str, str] | None = verdict.get("message")
    return message or None


def _forgotten(questions: Iterable[Question], ratings: Mapping[str, Rating]) -> Step | None:
    """The question rated "again" the longest time ago."""
    again = [
        (rating.rated_at, question.id)
        for question in questions
        if (rating := ratings.get(question.id)) is not None and rating.rating == "again"
    ]
    if not again:
        return None
    when, id = min(again)
    return Step("question", id, "again", when=when)


def _first_new(
    questions: Iterable[Question],
    problems: Iterable[Problem],
    solved: set[str],
    ratings: Mapping[str, Rating],
) -> Step | None:
    """What is asked most often, then what is easiest; a question before a problem."""
    new = [
        *((rank(q.frequency, q.level), Step("question", q.id, "next"))
          for q in questions if q.id not in ratings),
        *((rank(p.frequency, p.level), Step("problem", p.slug, "next"))
          for p in problems if p.slug not in solved),
    ]  # fmt: skip
    return min(new, key=lambda item: item[0], default=(None, None))[1]
