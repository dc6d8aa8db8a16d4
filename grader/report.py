"""`make problems`: every problem's own right and wrong answers and mutants, judged as submissions.

A problem is sound if its starter fails, its solution and every file of right/ are accepted, and
every file of wrong/ is rejected. Mutants that live are listed: each is equivalent or wants a check.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from grader.client import Grader, Job
from grader.mutate import mutants

SOLUTIONS = Path(__file__).resolve().parents[1] / "solutions"
TIMED = 5


@dataclass
class Row:
    """One problem's figures."""

    slug: str
    checks: int = 0
    wrong: tuple[int, int] = (0, 0)
    mutants: tuple[int, int] = (0, 0)
    right: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)
    survivors: list[str] = field(default_factory=list)


def print_table(slugs: Iterable[str]) -> int:
    """Prints the table; exit status 1 if a problem is not sound."""
    sound = True
    print(f"{'problem':<34}{'checks':>7}{'wrong':>9}{'mutants':>10}{'right':>8}{'verdict':>11}")
    with Grader() as grader:
        for slug in slugs:
            row = examine(grader, SOLUTIONS / slug)
            sound &= not row.faults
            print(line(row), flush=True)
            for text in [*row.faults, *(f"lives: {text}" for text in row.survivors)]:
                print(f"    {text}")
    return 0 if sound else 1


def line(row: Row) -> str:
    shares = "".join(
        f"{f'{caught}/{count}':>{width}}"
        for (caught, count), width in ((row.wrong, 9), (row.mutants, 10), (row.right, 8))
    )
    return f"{row.slug:<34}{row.checks:>7}{shares}{row.seconds * 1000:>8.0f} ms"


def examine(grader: Grader, folder: Path) -> Row:
    """Judges everything the folder holds."""
    row = Row(folder.name)
    solution = folder / "solution.py"
    right = [solution, *sorted(folder.glob("right/*.py"))]
    wrong = [folder / "starter.py", *sorted(folder.glob("wrong/*.py"))]
    accepted = _accepted(grader, row, right)
    rejected = {path for path in wrong if path not in _accepted(grader, row, wrong)}
    row.right = (len(accepted), len(right))
    row.wrong = (len(rejected), len(wrong))
    row.faults += [f"rejected: {path.name}" for path in right if path not in accepted]
    row.faults += [f"accepted: {path.name}" for path in wrong if path not in rejected]
    _mutate(grader, row, solution.read_text(encoding="utf-8"))
    code = solution.read_text(encoding="utf-8")
    verdicts = [grader.check(row.slug, code) for _ in range(TIMED)]
    row.checks = len(verdicts[0].checks)
    row.seconds = statistics.median(verdict.seconds for verdict in verdicts)
    return row


def _accepted(grader: Grader, row: Row, paths: list[Path]) -> set[Path]:
    jobs = {path: grader.submit(row.slug, path.read_text(encoding="utf-8")) for path in paths}
    return {path for path, job in jobs.items() if _passes(job)}


def _mutate(grader: Grader, row: Row, source: str) -> None:
    jobs = [(mutant, grader.submit(row.slug, mutant.source)) for mutant in mutants(source)]
    living = [mutant for mutant, job in jobs if _passes(job)]
    row.mutants = (len(jobs) - len(living), len(jobs))
    row.survivors = [f"line {mutant.line}: {mutant.change}" for mutant in living]


def _passes(job: Job) -> bool:
    return bool(job.result().verdict == "accepted")
