"""The judge: a trusted process that answers requests to check and to run submissions.

It holds the checks, the references and the seeds; the submission itself is in a confined process
behind `grader.sandbox`. Requests and answers are lines of JSON.
"""

from __future__ import annotations

import json
import re
import secrets
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from grader import compare, exam, launch
from grader.compare import Failure, words
from grader.exam import Demonstration, Died, Outcome, Problem
from grader.host import SubmissionError
from grader.remote import OUTPUT_KEPT, Child, RemoteSide
from grader.sandbox import MIB, Sandbox
from grader.verdict import CheckResult, GraderError, Kind, Verdict, Words
from grader.wire import Once, Opaque

SOURCE_LIMIT = 256 << 10
SEEDS = 1 << 31
RETRIED = 5.0  # seconds: nobody's turn gets longer by more than that
SHOWN = 1 << 16  # elements of a tensor that a page is sent
LONGEST = OUTPUT_KEPT + 100  # characters of one text in an answer
# What a terminal or a browser would act on instead of showing it; lone surrogates are no text.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def serve(channel: socket.socket, sandbox: Sandbox) -> None:
    """Answers until the other end of the channel closes."""
    judge = Judge(sandbox)
    stream = channel.makefile("rwb")
    launch.settle()
    _prepare(sandbox)
    _answer(stream, {"ready": True})
    for line in stream:
        _answer(stream, judge.answer(json.loads(line)))
        _prepare(sandbox)
    sandbox.close()


def _prepare(sandbox: Sandbox) -> None:
    """The next spare child; a failure shows when it is needed."""
    try:
        sandbox.prepare()
    except GraderError:
        sandbox.close()


def clean(value: Any) -> Any:
    """An answer whose texts, which may be of a submission's making, can be shown anywhere."""
    if isinstance(value, str):
        return UNSEEN.sub("\ufffd", value[:LONGEST].replace("\r\n", "\n"))
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item) for item in value]
    return value


def _answer(stream: Any, message: dict[str, Any]) -> None:
    try:
        line = json.dumps(message)
    except (TypeError, ValueError) as error:  # a fault of ours, which must not end the judge
        line = json.dumps({"error": f"{type(error).__name__}: {error}"})
    stream.write(line.encode() + b"\n")
    stream.flush()


class Judge:
    """Answers one request at a time."""

    def __init__(self, sandbox: Sandbox, folder: Path = exam.SOLUTIONS) -> None:
        self.sandbox = sandbox
        self.folder = folder
        self.loaded: dict[str, tuple[float, Problem]] = {}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        operation: Callable[..., Any] = getattr(self, "do_" + request.pop("op"))
        try:
            return {"value": clean(operation(**request))}
        except GraderError as error:
            return {"error": str(error)}
        except Exception as error:  # a fault of a problem's own files must not end the judge
            return {"error": f"{type(error).__name__}: {error}"}

    def problem(self, slug: str) -> Problem:
        """The problem's checks, read anew when a file of its folder has changed."""
        folder = self.folder / slug
        if not re.fullmatch(r"[a-z0-9-]+", slug) or not (folder / "checks.py").exists():
            raise GraderError(f"there is no problem named {slug!r:.80}")
        known = self.loaded.get(slug)
        if known is None or known[0] != known[1].changed:
            problem = Problem.load(folder)
            known = self.loaded[slug] = (problem.changed, problem)
        return known[1]

    def do_missing(self) -> dict[str, str]:
        return self.sandbox.missing

    def do_check(self, slug: str, code: str, seed: int | None = None) -> dict[str, Any]:
        problem = self.problem(slug)
        seed = secrets.randbelow(SEEDS) if seed is None else seed
        session = self._submit(problem, code, seed)
        killed = session.died is not None and session.died.signal == signal.SIGKILL
        if killed and session.seconds < RETRIED:
            # Somebody outside may have killed it, or its parent, and then it is not to blame.
            self.sandbox.close()
            session = self._submit(problem, code, seed)
        return session.verdict().to_dict()

    def _submit(self, problem: Problem, code: str, seed: int) -> Session:
        session = Session(problem, seed)
        try:
            session.submit(self.sandbox, code)
        except Died as death:
            session.died = death
        finally:
            session.close()
        return session

    def do_run(
        self, slug: str, code: str, inputs: dict[str, Any] | None, arguments: list[Any] | None
    ) -> dict[str, Any]:
        problem = self.problem(slug)
        session = Session(problem, 0)
        found: list[Demonstration] = []
        try:
            side = session.load(self.sandbox, code)
            if session.died is None:
                if inputs is None:
                    found = exam.run_examples(problem, side)
                else:
                    found = [_on_inputs(problem, side, inputs, arguments)]
        except Died as death:
            session.died = death
        finally:
            session.close()
        error = session.died.message if session.died else None
        line = session.line or (session.died.line if session.died else None)
        return run_result(
            slug, found, session.stdout, error, line, session.seconds, session.notes()
        )

    def do_examples(self, slug: str) -> dict[str, Any]:
        problem = self.problem(slug)
        found = exam.run_examples(problem, problem.reference)
        return run_result(slug, found, "", None, None, 0.0, [])


class Session:
    """One submission from its text to its verdict."""

    def __init__(self, problem: Problem, seed: int) -> None:
        self.problem = problem
        self.seed = seed
        self.child: Child | None = None
        self.died: Died | None = None
        self.load_failure: CheckResult | None = None
        self.outcome = Outcome([], {})
        self.diagnosis: Words | None = None
        self.stdout = ""
        self.line: int | None = None
        self.start = time.perf_counter()
        self.seconds = 0.0

    def load(self, sandbox: Sandbox, code: str) -> RemoteSide:
        """A side on which the code is loaded; `died` is set where it could not be."""
        self.child = sandbox.take(self.problem.memory_mib * MIB, int(self.problem.seconds))
        side = RemoteSide(self.child)
        try:
            self.died = _unfit(code)
            if self.died is None:
                side.load(code.removeprefix("\ufeff"), self.problem.forbid)
                missing = exam.missing_entry(side, self.problem.entry)
                self.died = Died("error", missing) if missing else None
        except SubmissionError as error:
            self.line = error.line
            self.died = _not_loaded(error) if error.cause == "raised" else exam.died(error)
        return side

    def submit(self, sandbox: Sandbox, code: str) -> None:
        side = self.load(sandbox, code)
        if self.died is not None:
            return
        self.outcome = exam.run_checks(self.problem, side, self.seed)
        self.died = self.outcome.died
        self.diagnosis = exam.diagnose(self.problem, self.outcome, self.seed)

    def close(self) -> None:
        if self.child is not None:
            self.stdout = self.child.close()
        self.seconds = time.perf_counter() - self.start

    def verdict(self) -> Verdict:
        kind, message = self._word()
        results = self.outcome.results or [self._load_result(message)]
        failed = self.outcome.failed
        line = self.line or (self.died.line if self.died else None)
        if line is None and failed:
            line = (failed[0].detail or {}).get("line")
        return Verdict(
            self.problem.slug,
            kind,
            tuple(results),
            self.diagnosis,
            self.stdout,
            self.seconds,
            self.seed,
            line,
            message,
            tuple(self.notes()),
        )

    def _word(self) -> tuple[Kind, Words]:
        if self.died is not None:
            return self.died.verdict, self.died.message
        failed = self.outcome.failed
        if not failed:
            count = len(self.outcome.results)
            return "accepted", words(f"All {count} checks passed.", f"全部 {count} 项检查通过。")
        raised = (failed[0].detail or {}).get("what") == "raised" and "cause" in (
            failed[0].detail or {}
        )
        return ("error" if raised else "wrong"), failed[0].message

    def _load_result(self, message: Words) -> CheckResult:
        title = words("The code loads and defines the entry point.", "代码可以加载并定义了入口。")
        return CheckResult("load", False, title, message, 0.0, {"what": "load"})

    def notes(self) -> list[Words]:
        """Limits met on the way, and walls that do not stand here."""
        found = []
        if self.child is not None and self.child.output.seen > OUTPUT_KEPT:
            found.append(words("Output was cut at 64 KiB.", "输出超过 64 KiB，已截断。"))
        if self.child is not None and self.child.missing:
            names = ", ".join(sorted(self.child.missing))
            found.append(
                words(
                    f"Walls that do not stand on this machine: {names} (python -m grader doctor).",
                    f"本机缺少的隔离措施：{names}（详见 python -m grader doctor）。",
                )
            )
        return found


def _not_loaded(error: SubmissionError) -> Died:
    said = compare.told(error)
    en, zh = f"The code does not load: {said['en']}.", f"代码无法加载：{said['zh']}。"
    return Died("error", words(en, zh))


def _unfit(code: str) -> Died | None:
    """Why a text cannot be a submission at all, before any process sees it."""
    try:
        size = len(code.encode())
    except UnicodeEncodeError:
        return Died("error", words("The file is not valid UTF-8.", "文件不是有效的 UTF-8。"))
    if size > SOURCE_LIMIT:
        return Died(
            "error",
            words(
                f"The source is {size >> 10} KiB long; the limit is {SOURCE_LIMIT >> 10} KiB.",
                f"源码长 {size >> 10} KiB，上限为 {SOURCE_LIMIT >> 10} KiB。",
            ),
        )
    if "\0" in code:
        return Died("error", words("The source has null bytes.", "源码中含有空字节。"))
    return None


def _on_inputs(
    problem: Problem, side: RemoteSide, inputs: dict[str, Any], arguments: list[Any] | None
) -> Demonstration:
    """Both sides on inputs of the caller's choice; a layer gets `arguments` and random weights."""
    title = words("Chosen inputs", "所选输入")
    error: SubmissionError | Failure | None = None
    with problem.trial(side, 0, "run") as trial:
        try:
            subject = trial.function() if arguments is None else trial.layer(*arguments)
            subject.show(**{name: _tensor(value) for name, value in inputs.items()})
        except (SubmissionError, Failure) as found:
            error = found
    return Demonstration("run", title, trial.shown, error)


def _tensor(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    tensor = torch.tensor(value)
    return tensor.double() if tensor.is_floating_point() else tensor


def run_result(
    slug: str,
    found: list[Demonstration],
    stdout: str,
    error: Words | None,
    line: int | None,
    seconds: float,
    notes: list[Words],
) -> dict[str, Any]:
    """A RunResult as plain data."""
    examples = [entry for item in found for entry in _shown(item)]
    return {
        "slug": slug,
        "examples": examples,
        "stdout": stdout,
        "error": error,
        "line": line,
        "seconds": seconds,
        "notes": notes,
    }


def _shown(item: Demonstration) -> list[dict[str, Any]]:
    entries = [
        {
            "name": item.name,
            "title": item.title,
            "arguments": shown.arguments,
            "inputs": {name: _plain(value) for name, value in shown.inputs.items()},
            "outputs": None if shown.outputs is None else _sequence(shown.outputs),
            "expected": None if shown.expected is None else _sequence(shown.expected),
            **_error(shown.error),
        }
        for shown in item.shown
    ]
    if item.error is not None:
        blank: dict[str, Any] = {"arguments": "", "inputs": {}, "outputs": None, "expected": None}
        entries.append({"name": item.name, "title": item.title, **blank, **_error(item.error)})
    return entries


def _error(error: SubmissionError | Failure | None) -> dict[str, Any]:
    """What went wrong in an example, and where."""
    if isinstance(error, SubmissionError) and error.cause != "raised":
        return {"error": exam.died(error).message, "line": error.line}
    failed = compare.raised(error) if isinstance(error, SubmissionError) else error
    line = failed.detail.get("line") if failed else None
    return {"error": failed.message if failed else None, "line": line}


def _sequence(value: Any) -> list[Any]:
    return [_plain(item) for item in (value if isinstance(value, tuple) else (value,))]


def _plain(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        dtype = str(value.dtype).removeprefix("torch.")
        if value.numel() > SHOWN:
            return f"{dtype} tensor of shape {tuple(value.shape)}: too large to be shown"
        if value.is_complex():  # has no place in JSON, and is never right
            return f"{dtype} tensor of shape {tuple(value.shape)}: {value.tolist()!r:.200}"
        return {"shape": list(value.shape), "dtype": dtype, "data": value.tolist()}
    if isinstance(value, Once):
        return f"[{', '.join(str(item.tolist()) for item in value.items)}]"
    return compare.kind(value).strip() if isinstance(value, tuple | Opaque) else repr(value)[:200]
