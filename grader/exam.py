"""A problem's checks, run against one side: the same code for the sandbox, the tests, the bench."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import Tensor

from grader import compare, lanes
from grader.compare import Failure, words
from grader.host import SubmissionError, flatten
from grader.kit import Trial
from grader.local import LocalSide, ReferenceSide, import_file, reference, side
from grader.subject import Shown, Side
from grader.verdict import CheckResult, Kind, Words

SOLUTIONS = Path(__file__).resolve().parents[1] / "solutions"
DIAGNOSIS_SECONDS = 4.0  # of processor time
QUICK = 0.25  # seconds: passed checks that took less are part of a diagnosis
RECORD_LIMIT = 8 << 20  # bytes of one check's answers; the largest right ones have a quarter of it
MEASURES_MEMORY = "check_memory"  # how the names of such checks begin
Check = Callable[[Trial], None]


class Died(Exception):
    """The submission's process is gone, or must go; no further check can run."""

    def __init__(
        self, verdict: Kind, message: Words, line: int | None = None, signal: int = 0
    ) -> None:
        super().__init__(message["en"])
        self.verdict = verdict
        self.line = line
        self.signal = signal
        self.message = message


class Mismatch(Exception):
    """A wrong variant gave something else than the submission: it is no diagnosis."""


@dataclass
class Problem:
    """What the judge reads of a problem's folder: checks, reference, wrong variants, limits."""

    folder: Path
    checks_module: ModuleType
    entry: str
    forbid: tuple[str, ...]
    seconds: float
    memory_mib: int

    @classmethod
    def load(cls, folder: Path) -> Problem:
        module = checks_of(folder)
        return cls(
            folder,
            module,
            module.ENTRY,
            tuple(getattr(module, "FORBID", ())),
            float(getattr(module, "SECONDS", 10)),
            int(getattr(module, "MEMORY_MIB", 1024)),
        )

    @property
    def slug(self) -> str:
        return self.folder.name

    @property
    def changed(self) -> float:
        """When a file that the problem was read from last changed, in seconds since the epoch."""
        sibling = getattr(self.checks_module, "SAME_AS", None)
        shared = [self.folder.parent / sibling / "checks.py"] if sibling else []
        files = [self.folder, *self.folder.rglob("*.py"), *shared]
        newest: float = max(path.stat().st_mtime for path in files)
        return newest

    @cached_property
    def checks(self) -> dict[str, Check]:
        return self._functions("check_")

    @cached_property
    def examples(self) -> dict[str, Check]:
        return self._functions("example_")

    @cached_property
    def reference(self) -> ReferenceSide:
        return reference(self.folder / "solution.py")

    @cached_property
    def wrong(self) -> dict[Path, LocalSide]:
        return {path: side(path, self.forbid) for path in sorted(self.folder.glob("wrong/*.py"))}

    def _functions(self, prefix: str) -> dict[str, Check]:
        members = vars(self.checks_module).items()
        return {name: item for name, item in members if name.startswith(prefix) and callable(item)}

    @contextmanager
    def trial(self, candidate: Side, seed: int, name: str) -> Iterator[Trial]:
        with self.reference.lent() as reference:
            yield Trial(candidate, reference, self.entry, seed, name)


def checks_of(folder: Path) -> ModuleType:
    """A folder's checks.py; where it says `SAME_AS = "<slug>"`, on top of that sibling's.

    A bug hunt promises what its sibling promises, so it is judged by the same checks.
    """
    module = import_file(folder / "checks.py")
    if not hasattr(module, "SAME_AS"):
        return module
    sibling = import_file(folder.parent / module.SAME_AS / "checks.py")
    merged = ModuleType(module.__name__)
    vars(merged).update(vars(sibling) | vars(module))
    return merged


@dataclass
class Record:
    """What a submission answered in one check, in order, for the diagnosis.

    Answers beyond any honest size are not kept, lest they fill the judge's memory.
    """

    answers: list[Any] = field(default_factory=list)
    size: int = 0  # bytes of all tensors so far

    @property
    def whole(self) -> bool:
        return self.size <= RECORD_LIMIT

    def keep(self, answer: Any) -> None:
        self.size += sum(leaf.nbytes for leaf in flatten(answer) if isinstance(leaf, Tensor))
        self.answers.append(answer)
        if not self.whole:
            self.answers.clear()


@dataclass
class Outcome:
    """All that one run of the checks found."""

    results: list[CheckResult]
    records: dict[str, Record]
    died: Died | None = None

    @property
    def failed(self) -> list[CheckResult]:
        return [result for result in self.results if not result.passed]


@cache
def bilingual(doc: str | None) -> Words:
    """The two paragraphs of a docstring, English then Chinese."""
    english, _, chinese = inspect.cleandoc(doc or "").partition("\n\n")
    return words(" ".join(english.split()), "".join(chinese.split("\n")).strip() or english)


def run_checks(problem: Problem, candidate: Side, seed: int) -> Outcome:
    """Runs every check, begun in the order of the file, each with draws of its own.

    Several are under way at once, except beside one that measures the submission's memory.
    """
    outcome = Outcome([], {})
    found: dict[str, CheckResult] = {}

    def run_one(name: str, check: Check) -> None:
        record = outcome.records[name] = Record()
        with problem.trial(candidate, seed, name) as trial:
            trial.record = record.keep
            found[name] = _run_one(name, check, trial, record, outcome)

    works = [
        lanes.Work(partial(run_one, name, check), alone=name.startswith(MEASURES_MEMORY))
        for name, check in problem.checks.items()
    ]
    lanes.run(works, over=lambda: outcome.died is not None)
    for name, check in problem.checks.items():
        outcome.results.append(found.get(name) or _not_run(name, check))
    return outcome


def _run_one(
    name: str, check: Check, trial: Trial, record: Record, outcome: Outcome
) -> CheckResult:
    start = lanes.clock()
    failure: Failure | None = None
    try:
        check(trial)
        trial.finish()
    except Failure as error:
        failure = error
    except SubmissionError as error:
        record.answers.append(error.words)
        failure = compare.raised(error)
        if error.cause != "raised":
            outcome.died = died(error)
            failure = Failure(outcome.died.message, line=error.line, cause=error.cause)
    except Died as error:
        outcome.died = error
        failure = Failure(error.message, what=error.verdict, line=error.line)
    except Exception as error:  # the check met a result it cannot even take apart
        record.answers.append(type(error).__name__)
        failure = _unreadable(error)
    seconds = lanes.clock() - start
    message = failure.message if failure else words("", "")
    detail = failure.detail if failure else None
    return CheckResult(name, failure is None, bilingual(check.__doc__), message, seconds, detail)


def _unreadable(error: Exception) -> Failure:
    return Failure(
        words(
            "The result does not have the form that the signature promises "
            f"({type(error).__name__}: {error}).",
            f"结果的形式与签名不符（{type(error).__name__}: {error}）。",
        ),
        what="structure",
    )


def died(error: SubmissionError) -> Died:
    """The end of a submission that met a wall it may not pass, from inside Python."""
    said = compare.told(error)
    if error.cause == "memory":
        met = words(f"The memory limit was met: {said['en']}.", f"达到内存上限：{said['zh']}。")
        return Died("memory", met, error.line)
    if error.cause == "denied":
        denied = words(
            f"The sandbox denied an access: {said['en']}.", f"沙箱拒绝了一次访问：{said['zh']}。"
        )
        return Died("forbidden", denied, error.line)
    where = f" (line {error.line})" if error.line else ""
    zh_where = f"（第 {error.line} 行）" if error.line else ""
    return Died(
        "forbidden",
        words(
            f"The statement forbids calling `{error.text}` here{where}.",
            f"本题不允许调用 `{error.text}`{zh_where}。",
        ),
        error.line,
    )


def _not_run(name: str, check: Check) -> CheckResult:
    message = words("Not run: the submission was stopped before.", "未运行：提交在此之前已被终止。")
    return CheckResult(name, False, bilingual(check.__doc__), message, 0.0, {"what": "not run"})


def diagnose(problem: Problem, outcome: Outcome, seed: int) -> Words | None:
    """The misconception of the wrong variant that answers exactly as the submission did.

    A variant is named only if it gives the same answers in every check that failed and in every
    quick check that passed. Where that takes too long, there is no diagnosis.
    """
    limits = time.process_time() + DIAGNOSIS_SECONDS, time.monotonic() + 2 * DIAGNOSIS_SECONDS

    def over() -> bool:
        return time.process_time() > limits[0] or time.monotonic() > limits[1]

    if outcome.died or not outcome.failed:
        return None
    telling = [result for result in outcome.results if not result.passed or result.seconds < QUICK]
    telling.sort(key=lambda result: (result.passed, result.seconds))
    agreeing = []
    for path, variant in problem.wrong.items():
        if all(
            not over() and _agrees(problem, variant, outcome, seed, result.name)
            for result in telling
        ):
            agreeing.append(path)
    # The same error can have several causes; the same wrong numbers are what the variant gives.
    by_numbers = any((result.detail or {}).get("what") != "raised" for result in outcome.failed)
    if not agreeing or (len(agreeing) > 1 and not by_numbers):
        return None
    return bilingual(import_doc(agreeing[0]))


def _agrees(problem: Problem, variant: LocalSide, outcome: Outcome, seed: int, name: str) -> bool:
    record = outcome.records[name]
    if not record.whole:
        return False
    answers = iter(record.answers)
    result = next(result for result in outcome.results if result.name == name)
    passed = result.passed

    def match(answer: Any) -> None:
        if not compare.same(next(answers, Mismatch), answer):
            raise Mismatch

    variant.kept.clear()
    try:
        with problem.trial(variant, seed, name) as trial:
            trial.record = match
            problem.checks[name](trial)
            trial.finish()
    except Mismatch:
        return False
    except SubmissionError as error:
        return not passed and next(answers, None) == error.words
    except Failure as failure:
        alike = failure.detail.get("what") == (result.detail or {}).get("what")
        return not passed and alike and next(answers, None) is None
    except Exception as error:
        return not passed and next(answers, None) == type(error).__name__
    return passed


def import_doc(path: Path) -> str:
    """A file's docstring, without running it."""
    import ast

    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


@dataclass
class Demonstration:
    """One worked example as both sides computed it."""

    name: str
    title: Words
    shown: list[Shown]
    error: SubmissionError | Failure | None = None


def run_examples(problem: Problem, candidate: Side, seed: int = 0) -> list[Demonstration]:
    """The statement's examples; their draws are always the same."""
    found = []
    for name, example in problem.examples.items():
        error: SubmissionError | Failure | None = None
        with problem.trial(candidate, seed, name) as trial:
            try:
                example(trial)
            except (SubmissionError, Failure) as problem_found:
                error = problem_found
        found.append(Demonstration(name, bilingual(example.__doc__), trial.shown, error))
    return found


def check_file(folder: Path, path: Path, seed: int = 0) -> Outcome:
    """Runs a problem's checks against a file of ours in this process, without the sandbox."""
    problem = Problem.load(folder)
    return run_checks(problem, side(path, problem.forbid), seed)


def missing_entry(host: Side, entry: str) -> Words | None:
    """Why the submission cannot be judged at all, if its entry point is not there."""
    if host.has(entry):
        return None
    return words(
        f"There is no function or class `{entry}`: the submission must define it by this name.",
        f"没有定义 `{entry}`：提交中必须有这个名字的函数或类。",
    )
