"""Every problem's folder is whole, and its checks tell right from wrong, whatever the seed."""

import ast
from functools import cache
from pathlib import Path

import pytest
import torch

from grader.exam import Problem, diagnose, run_checks, run_examples
from grader.local import side

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


def folder_of(path: Path) -> Path:
    return SOLUTIONS / path.relative_to(SOLUTIONS).parts[0]


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
@pytest.mark.parametrize("seed", SEEDS)
def test_right_answers_pass_every_check(path: Path, seed: int) -> None:
    exam = problem(folder_of(path))
    outcome = run_checks(exam, side(path, exam.forbid), seed)
    assert [(result.name, result.message["en"]) for result in outcome.failed] == []


@pytest.mark.parametrize("path", WRONG, ids=names(WRONG))
def test_wrong_answers_fail_and_are_not_mistaken(path: Path) -> None:
    exam = problem(folder_of(path))
    for seed in SEEDS:
        outcome = run_checks(exam, side(path, exam.forbid), seed)
        assert outcome.failed
        if path.parent.name == "wrong" and seed == 0:
            meant = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            told = diagnose(exam, outcome, seed)
            assert told is None or told["en"] == " ".join(meant.partition("\n\n")[0].split())


@pytest.mark.parametrize("path", WRONG, ids=names(WRONG))
def test_wrong_answers_name_their_misconception(path: Path) -> None:
    if path.name == "starter.py":
        return
    doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    english, _, chinese = doc.partition("\n\n")
    assert english.strip().endswith(".")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_examples_can_be_shown(folder: Path) -> None:
    exam = problem(folder)
    for example in run_examples(exam, exam.reference):
        assert example.error is None
        assert example.shown
        assert all(shown.error is None for shown in example.shown)


@pytest.mark.parametrize("path", found("*.py", "*/*.py"), ids=names(found("*.py", "*/*.py")))
def test_answers_import_torch_and_the_standard_library_only(path: Path) -> None:
    """What a submission may not import, the answers we ship may not either."""
    if path.name == "checks.py":
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    roots = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert not roots & {"grader", "attention", "study", "views", "solutions", "numpy", "einops"}
