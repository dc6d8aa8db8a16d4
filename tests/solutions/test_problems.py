"""Every problem's folder is whole, and its checks tell right from wrong, whatever the seed."""

import ast
from functools import cache
from pathlib import Path

import pytest
import torch

from grader import Grader, compare
from grader.exam import (
    MEASURES_MEMORY,
    QUICK,
    Outcome,
    Problem,
    bilingual,
    diagnose,
    import_doc,
    run_checks,
    run_examples,
)
from grader.local import LocalSide, side
from grader.subject import Subject
from views.arrays import agree
from views.verdict import alike

SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"
FOLDERS = sorted(path.parent for path in SOLUTIONS.glob("*/problem.yaml"))
SEEDS = range(2)
SMALL = {"causal-mask", "padding-mask", "document-mask", "attention-sink-mask", "alibi"} | {
    "sinusoidal-positions",
    "relative-position-bucket",
    "relative-position-bias",
}

torch.set_num_threads(1)


@cache
def problem(folder: Path) -> Problem:
    return Problem.load(folder)


def names(files: list[Path]) -> list[str]:
    return [f"{path.relative_to(SOLUTIONS)}" for path in files]


def found(*patterns: str) -> list[Path]:
    return [path for folder in FOLDERS for p in patterns for path in sorted(folder.glob(p))]


RIGHT = found("solution.py", "right/*.py")
WRONG = found("starter.py", "wrong/*.py")


MEASURED = [
    folder
    for folder in FOLDERS
    if "peak_growth" in (text := (folder / "checks.py").read_text("utf-8"))
    or "memory_below" in text
]


def folder_of(path: Path) -> Path:
    return SOLUTIONS / path.relative_to(SOLUTIONS).parts[0]


@pytest.fixture(autouse=True)
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is measured in the sandbox alone: this process has other things in its memory."""
    monkeypatch.setattr(LocalSide, "peak_growth", lambda *_: 0)
    monkeypatch.setattr(Subject, "memory_below", lambda *_: None)


def run(path: Path, seed: int) -> Outcome:
    exam = problem(folder_of(path))
    return run_checks(exam, side(path, exam.forbid), seed)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_folder_is_whole(folder: Path) -> None:
    for name in ("starter.py", "solution.py", "checks.py"):
        assert (folder / name).exists()
    assert len(list(folder.glob("wrong/*.py"))) >= (5 if folder.name in SMALL else 8)
    assert len(list(folder.glob("right/*.py"))) >= 3
    exam = problem(folder)
    assert exam.checks
    assert exam.examples
    for check in (*exam.checks.values(), *exam.examples.values()):
        english, _, chinese = (check.__doc__ or "").strip().partition("\n\n")
        assert english
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese), check.__name__


@pytest.mark.parametrize("path", RIGHT, ids=names(RIGHT))
def test_right_answers_pass_every_check(path: Path) -> None:
    for seed in SEEDS:
        failed = run(path, seed).failed
        assert [(seed, result.name, result.message["en"]) for result in failed] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_wrong_answers_fail_and_are_not_mistaken(folder: Path) -> None:
    exam = problem(folder)
    outcomes = {path: run(path, 0) for path in [*exam.wrong, folder / "starter.py"]}
    if folder not in MEASURED:
        assert [path.name for path, outcome in outcomes.items() if not outcome.failed] == []
        assert [p.name for p in outcomes for seed in SEEDS[1:] if not fails(p, seed)] == []
    del outcomes[folder / "starter.py"]
    for path, outcome in outcomes.items():
        alike = [other for other in outcomes if outcome.failed and same(outcome, outcomes[other])]
        numbers = any((r.detail or {}).get("what") != "raised" for r in outcome.failed)
        if numbers:  # an error that several share names none of them
            assert {meaning(other) for other in alike} <= {meaning(path)}, path.name
    for path in list(outcomes)[:2]:
        told = diagnose(exam, outcomes[path], 0)
        assert told is None or told["en"] == meaning(path), path.name


def meaning(path: Path) -> str:
    """The misconception of a wrong variant, in English."""
    return bilingual(import_doc(path))["en"]


def same(first: Outcome, second: Outcome) -> bool:
    """Whether the second answered as the first in all that a diagnosis goes by."""
    if first.died or second.died:
        return False  # no diagnosis then: the verdict names what was forbidden
    pairs = zip(first.results, second.results, strict=True)
    return all(
        one.passed == other.passed
        and compare.same(
            tuple(first.records[one.name].answers), tuple(second.records[one.name].answers)
        )
        for one, other in pairs
        if not one.passed or one.seconds < QUICK
    )


def fails(path: Path, seed: int) -> bool:
    """Whether any check fails: none is run after the first that does."""
    exam = problem(folder_of(path))
    answer = side(path, exam.forbid)
    for name, check in exam.checks.items():
        with exam.trial(answer, seed, name) as trial:
            try:
                check(trial)
                trial.finish()
            except Exception:
                return True
    return False


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_sandbox_says_the_same(folder: Path, grader: Grader) -> None:
    solution, starter = (folder / name for name in ("solution.py", "starter.py"))
    verdict = grader.check(folder.name, solution.read_text(encoding="utf-8"))
    assert verdict.verdict == "accepted", [c for c in verdict.checks if not c.passed]
    assert grader.check(folder.name, starter.read_text(encoding="utf-8")).verdict != "accepted"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_right_answer_agrees_with_every_example(folder: Path, grader: Grader) -> None:
    for path in RIGHT:
        if folder_of(path) == folder:
            result = grader.run(folder.name, path.read_text(encoding="utf-8"))
            for example in result.examples:
                pairs = zip(example.outputs or (), example.expected or (), strict=True)
                for mine, ours in pairs:
                    assert agree(mine.data, ours.data), path.name
                    assert alike(mine.dtype, ours.dtype), path.name
                assert example.outputs, path.name


@pytest.mark.parametrize("folder", MEASURED, ids=lambda folder: folder.name)
def test_checks_of_memory_say_so_in_their_name(folder: Path) -> None:
    for name, check in problem(folder).checks.items():
        measures = {"peak_growth", "memory_below"} & {*check.__code__.co_names}
        assert not measures or name.startswith(MEASURES_MEMORY), name


@pytest.mark.parametrize("folder", MEASURED, ids=lambda folder: folder.name)
def test_memory_tells_right_from_wrong_in_the_sandbox(folder: Path, grader: Grader) -> None:
    def verdict(path: Path) -> str:
        return grader.check(folder.name, path.read_text(encoding="utf-8")).verdict

    for path in RIGHT:
        assert folder_of(path) != folder or verdict(path) == "accepted", path
    only = [path for path in WRONG if folder_of(path) == folder and not run(path, 0).failed]
    assert only
    assert {path.name: verdict(path) for path in only} == {path.name: "wrong" for path in only}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_wrong_answers_name_their_misconception(folder: Path) -> None:
    for path in folder.glob("wrong/*.py"):
        english, _, chinese = import_doc(path).partition("\n\n")
        assert english.strip().endswith("."), path.name
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese), path.name


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_examples_can_be_shown(folder: Path) -> None:
    exam = problem(folder)
    for example in run_examples(exam, exam.reference):
        assert example.error is None
        assert example.shown
        assert all(shown.error is None for shown in example.shown)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_answers_import_torch_and_the_standard_library_only(folder: Path) -> None:
    """What a submission may not import, the answers we ship may not either."""
    ours = {"grader", "attention", "study", "views", "solutions", "numpy", "einops"}
    for path in {*folder.rglob("*.py")} - {folder / "checks.py"}:
        assert not imported(path) & ours, path.name


def imported(path: Path) -> set[str]:
    """The packages that a file imports."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    given = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.split(".")[0] for name in plain | given}
