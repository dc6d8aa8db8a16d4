"""Finding every mistake in the question bank and the problems, or in some of their files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from study.bank import load_bank
from study.document import DataError
from study.folders import PATHS, QUESTIONS
from study.links import Targets, question_ids, variant_names
from study.paths import load_paths
from study.problems import load_problem, load_problems


def check(files: Sequence[Path] = ()) -> list[DataError]:
    """Mistakes in topic files, problems (folder or problem.yaml), paths.yaml, and their folders.

    Without files in everything; in the order of the lines of each file.
    """
    if not files:
        return _in_order([*load_bank().errors, *load_problems().errors, *load_paths().errors])
    named = [inner for file in files for inner in _expanded(file)]
    problems = [file for file in named if file.name == "problem.yaml"]
    paths = [file for file in named if file.name == PATHS.name]
    topics = [file for file in named if file not in problems and file not in paths]
    of_problems = (error for file in problems for error in _problem(file.parent))
    of_paths = (error for file in paths for error in load_paths(file).errors)
    return _in_order([*_topics(topics), *of_problems, *of_paths])


def _in_order(errors: list[DataError]) -> list[DataError]:
    return sorted(errors, key=lambda error: (error.file, error.line))


def _expanded(file: Path) -> list[Path]:
    if not file.is_dir():
        return [file]
    inside = [*sorted(file.glob("*.yaml")), *sorted(file.glob("*/problem.yaml"))]
    return inside or [file / "problem.yaml"]


def _topics(files: Sequence[Path]) -> list[DataError]:
    """Mistakes in topic files, each read with the whole bank, so that an id taken is found."""
    if not files:
        return []
    wanted = {file.resolve() for file in files}
    also = [file for file in files if file.resolve().parent != QUESTIONS or not file.exists()]
    return [error for error in load_bank(also=also).errors if error.file.resolve() in wanted]


def _problem(folder: Path) -> list[DataError]:
    targets = Targets(variants=variant_names(), questions=question_ids())
    _, errors = load_problem(folder.resolve(), targets)
    return errors
