"""Learning paths: questions and problems in a good order, from `paths.yaml`.

A path with a mistake is left out and told in `Paths.errors`; the others stay usable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from study.bank import Bank
from study.document import DataError, Document, Location, read, suggestion, validate
from study.entry import Entry, Id
from study.folders import PATHS
from study.links import Targets, problem_slugs, question_ids
from study.problems import ProblemSet
from study.text import Text

if TYPE_CHECKING:  # counting does not need the database
    from study.store import ProblemState, Rating


class Stop(Entry):
    """One station of a path: a question of the bank or a coding problem."""

    question: Id | None = None
    problem: Id | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.question is None) == (self.problem is None):
            raise ValueError("needs either `question` or `problem`")
        return self

    @property
    def kind(self) -> Literal["question", "problem"]:
        return "question" if self.question is not None else "problem"

    @property
    def name(self) -> str:
        """The question's id or the problem's slug."""
        return self.question or self.problem or ""


class LearningPath(Entry):
    """An ordered track through the bank and the problems."""

    id: Id
    title: Text
    about: Text
    stops: Annotated[tuple[Stop, ...], Field(min_length=3)]


@dataclass(frozen=True)
class Paths:
    """All paths, as they stand in the file."""

    paths: tuple[LearningPath, ...] = ()
    errors: tuple[DataError, ...] = ()

    def get(self, id: str) -> LearningPath | None:
        return next((path for path in self.paths if path.id == id), None)


@dataclass(frozen=True)
class Standing:
    """How far somebody is on a path: stops done, minutes left, and the first stop not done."""

    done: frozenset[Stop]
    total: int
    minutes_left: int
    next: Stop | None


def load_paths(file: Path = PATHS, targets: Targets | None = None) -> Paths:
    """Read the paths; a stop must lead to a question or problem that exists."""
    document = read(file)
    targets = targets or Targets(problems=problem_slugs(), questions=question_ids())
    entries = document.value.get("paths") if isinstance(document.value, dict) else None
    if not isinstance(entries, list):
        flaws = document.flaws_within(()) or [document.error(("paths",), "must be a list of paths")]
        return Paths(errors=tuple(flaws))
    found: list[LearningPath] = []
    errors: list[DataError] = []
    for index, value in enumerate(entries):
        path, mistakes = _path(document, ("paths", index), value, targets)
        if path is not None and path.id in {other.id for other in found}:
            mistakes.append(document.error(("paths", index, "id"), f'the id "{path.id}" is taken'))
        errors += mistakes
        if path is not None and not mistakes:
            found.append(path)
    return Paths(tuple(found), tuple(errors))


def _path(
    document: Document, at: Location, value: Any, targets: Targets
) -> tuple[LearningPath | None, list[DataError]]:
    path, errors = validate(document, at, value, LearningPath)
    return path, errors + (list(_broken(document, at, path, targets)) if path else [])


def _broken(
    document: Document, at: Location, path: LearningPath, targets: Targets
) -> Iterator[DataError]:
    known = {"question": targets.questions, "problem": targets.problems}
    for index, stop in enumerate(path.stops):
        if stop.name not in known[stop.kind]:
            message = f'leads to nothing: there is no "{stop.name}"'
            hint = suggestion(stop.name, known[stop.kind])
            yield document.error((*at, "stops", index, stop.kind), message + hint)


def standing(
    path: LearningPath,
    bank: Bank,
    problems: ProblemSet,
    ratings: Mapping[str, Rating],
    states: Mapping[str, ProblemState],
) -> Standing:
    """A question is done once it is rated better than "again", a problem once it is solved."""

    def is_done(stop: Stop) -> bool:
        if stop.kind == "problem":
            return states.get(stop.name) == "solved"
        rating = ratings.get(stop.name)
        return rating is not None and rating.rating != "again"

    left = [stop for stop in path.stops if not is_done(stop)]
    return Standing(
        frozenset(path.stops) - frozenset(left),
        len(path.stops),
        sum(minutes(stop, bank, problems) for stop in left),
        left[0] if left else None,
    )


def minutes(stop: Stop, bank: Bank, problems: ProblemSet) -> int:
    """What a good candidate needs; 0 for an entry that could not be read."""
    entry = bank.get(stop.name) if stop.kind == "question" else problems.get(stop.name)
    return entry.minutes if entry else 0
