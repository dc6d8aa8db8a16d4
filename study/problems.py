"""The coding problems: `solutions/<slug>/` as immutable models.

A broken problem is left out and told in `ProblemSet.errors`; the others stay usable.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field

from study.cache import Cache
from study.document import DataError, Document, read, validate
from study.entry import Entry, FollowUp, Frequency, Id, Level, Minutes, VariantName, rank
from study.folders import ATTENTION, QUESTIONS, SOLUTIONS, data_folder
from study.links import Targets, broken_links, question_ids, variant_names
from study.text import Text


class ProblemEntry(Entry):
    """A problem.yaml as its author writes it."""

    title: Text
    level: Level
    minutes: Minutes
    frequency: Frequency
    tags: Annotated[tuple[Id, ...], Field(min_length=1)]
    statement: Text
    hints: Annotated[tuple[Text, ...], Field(min_length=3, max_length=3)]
    follow_ups: Annotated[tuple[FollowUp, ...], Field(min_length=1)]
    explanation: Text
    questions: tuple[Id, ...] = ()
    variants: tuple[VariantName, ...] = ()


class Problem(ProblemEntry):
    """A coding problem: its problem.yaml, its slug and the sources beside it."""

    slug: str
    starter: str
    solution: str


@dataclass(frozen=True)
class ProblemSet:
    """All problems: what is asked most comes first, and of that the easiest."""

    problems: tuple[Problem, ...] = ()
    errors: tuple[DataError, ...] = ()
    _by_slug: dict[str, Problem] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_slug = {problem.slug: problem for problem in self.problems}
        object.__setattr__(self, "_by_slug", by_slug)

    def get(self, slug: str) -> Problem | None:
        """The problem with this slug, or None: it never existed or its folder is broken."""
        return self._by_slug.get(slug)


def load_problems(
    folder: Path = SOLUTIONS, *, attention: Path = ATTENTION, questions: Path = QUESTIONS
) -> ProblemSet:
    """Read every problem folder under `folder`."""
    targets = Targets(variants=variant_names(attention), questions=question_ids(questions))
    # Only the real problems are kept between starts, not folders made for a test.
    cache = Cache(data_folder() / "cache" / "problems.json" if folder == SOLUTIONS else None)
    places = [place for place in sorted(folder.glob("[!._]*")) if place.is_dir()]
    found = [load_problem(place, targets, cache) for place in places]
    cache.save()
    problems = [problem for problem, _ in found if problem is not None]
    problems.sort(key=lambda problem: (*rank(problem.frequency, problem.level), problem.slug))
    return ProblemSet(tuple(problems), tuple(error for _, errors in found for error in errors))


def load_problem(
    folder: Path, targets: Targets, cache: Cache | None = None
) -> tuple[Problem | None, list[DataError]]:
    """Read one problem folder: the problem, or None and what is wrong with it."""
    document = read(folder / "problem.yaml", cache)
    if document.value is None and document.flaws:
        return None, document.flaws_within(())
    entry, errors = validate(document, (), document.value, ProblemEntry)
    if not (folder / "checks.py").is_file():
        errors.append(DataError(folder / "checks.py", 1, "", "is missing"))
    starter = _source(folder / "starter.py", errors)
    solution = _source(folder / "solution.py", errors)
    if entry is None:
        return None, errors
    errors += _links(document, entry, targets)
    if errors:
        return None, errors
    # Already validated: only what stands outside problem.yaml is added.
    made = Problem.model_construct(
        **dict(entry), slug=folder.name, starter=starter, solution=solution
    )
    return made, []


def _links(document: Document, entry: ProblemEntry, targets: Targets) -> list[DataError]:
    return [
        *broken_links(document, (), "questions", entry.questions, targets.questions),
        *broken_links(document, (), "variants", entry.variants, targets.variants),
    ]


def _source(file: Path, errors: list[DataError]) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        errors.append(DataError(file, 1, "", f"cannot be read: {error.strerror}"))
    except UnicodeDecodeError:
        errors.append(DataError(file, 1, "", "is not UTF-8; save the file in that encoding"))
    return ""
