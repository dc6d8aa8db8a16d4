"""The app's side of the judge: a pool of judge processes and a fair queue. No torch here."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import socket
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.launch import start, stop
from grader.verdict import Cancelled, GraderError, RunResult, Verdict, Wall

READY_SECONDS = 180.0
ANSWER_SECONDS = 240.0
TRIES = 2


class JudgeGone(Exception):
    """The judge's process ended or does not answer."""


class JudgeProcess:
    """One judge and the line of JSON to it."""

    def __init__(self) -> None:
        self.channel: socket.socket | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self.buffer = bytearray()

    def ask(self, request: dict[str, Any]) -> Any:
        """The judge's answer; GraderError from the judge, JudgeGone where there is none."""
        if self.process is None:
            self._start()
        self._send(request)
        reply = self._line(ANSWER_SECONDS)
        if "error" in reply:
            raise GraderError(reply["error"])
        return reply["value"]

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        self.channel, self.buffer = ours, bytearray()
        self.process = start("worker", theirs)
        theirs.close()
        self._line(READY_SECONDS)

    def _send(self, request: dict[str, Any]) -> None:
        assert self.channel is not None
        try:
            self.channel.settimeout(ANSWER_SECONDS)
            self.channel.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise JudgeGone from error

    def _line(self, seconds: float) -> dict[str, Any]:
        assert self.channel is not None
        deadline = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            try:
                self.channel.settimeout(max(0.001, deadline - time.monotonic()))
                part = self.channel.recv(1 << 20)
            except OSError as error:
                raise JudgeGone from error
            if not part:
                raise JudgeGone
            self.buffer += part
        line, _, rest = self.buffer.partition(b"\n")
        self.buffer = rest
        return json.loads(line)  # type: ignore[no-any-return]

    def abort(self) -> None:
        """Ends the request under way, from any thread: whoever waits meets JudgeGone."""
        with contextlib.suppress(OSError, AttributeError):
            self.channel.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]

    def close(self) -> None:
        if self.channel is not None:
            self.channel.close()
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=0.2)  # it leaves by itself when its channel closes
            stop(self.process)
        self.channel = self.process = None


@dataclass
class Job:
    """A request on its way; `position` 0 means that a judge is at work on it."""

    request: dict[str, Any]
    user: str | None
    number: int
    grader: Grader
    finished: threading.Event = field(default_factory=threading.Event)
    judge: JudgeProcess | None = None
    cancelled: bool = False
    value: Any = None
    error: GraderError | None = None

    @property
    def turn(self) -> str:
        """Whose turn it uses up: the user's, or its own where nobody is named."""
        return f"user {self.user}" if self.user is not None else f"job {self.number}"

    @property
    def position(self) -> int:
        return self.grader.position_of(self)

    def done(self) -> bool:
        return self.finished.is_set()

    def cancel(self) -> None:
        """Stops it, waiting or at work: its result is then Cancelled, unless it was done."""
        self.grader.cancel(self)

    def result(self, timeout: float | None = None) -> Any:
        """The verdict (or run); TimeoutError if it is not there in time."""
        if not self.finished.wait(timeout):
            raise TimeoutError("the judge is still at work")
        if self.error is not None:
            raise self.error
        return self.value


class Grader:
    """Judges submissions in separate, confined processes.

    Thread-safe. Processes start when first needed. A named user has one judge at most at a time
    while others wait, so that nobody's endless loop costs the others more than their share;
    requests without a user name are served in order. A `public` grader, one that strangers can
    reach, runs no code where the walls for network or files are missing.
    """

    def __init__(self, judges: int | None = None, public: bool = False) -> None:
        self.public = public
        self.judges = judges or max(1, min(2, os.cpu_count() or 1))
        self.lock = threading.Condition()
        self.waiting: list[Job] = []
        self.running: list[Job] = []
        self.threads: list[threading.Thread] = []
        self.closed = False
        self.numbers = itertools.count()
        self.processes: list[JudgeProcess] = []

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def check(
        self, slug: str, code: str, user: str | None = None, seed: int | None = None
    ) -> Verdict:
        """The verdict on `code`; `seed` repeats the inputs of an earlier verdict."""
        verdict: Verdict = self.submit(slug, code, user, seed).result()
        return verdict

    def submit(self, slug: str, code: str, user: str | None = None, seed: int | None = None) -> Job:
        """Like `check`, without waiting."""
        return self._enqueue({"op": "check", "slug": slug, "code": code, "seed": seed}, user)

    def run(
        self,
        slug: str,
        code: str,
        inputs: dict[str, Any] | None = None,
        arguments: list[Any] | None = None,
        user: str | None = None,
    ) -> RunResult:
        """What `code` gives on the statement's examples, or on `inputs` (nested lists, by name).

        A layer is constructed with `arguments` and gets the same random weights as the reference.
        """
        request = {"op": "run", "slug": slug, "code": code, "inputs": inputs}
        result: RunResult = self._enqueue({**request, "arguments": arguments}, user).result()
        return result

    def examples(self, slug: str) -> RunResult:
        """The statement's worked examples with the expected values."""
        result: RunResult = self._enqueue({"op": "examples", "slug": slug}, None).result()
        return result

    def walls(self) -> list[Wall]:
        """Which walls of the sandbox stand on this machine."""
        from grader.walls import describe

        return describe(self._enqueue({"op": "missing"}, None).result())

    def warm(self) -> None:
        """Starts every judge in the background, so that the first verdict comes at once."""
        for _ in range(self.judges):
            self._enqueue({"op": "missing"}, None)

    def position_of(self, job: Job) -> int:
        with self.lock:
            return self._order().index(job) + 1 if job in self.waiting else 0

    def cancel(self, job: Job) -> None:
        """Takes a job out of the queue, or ends the judge that is at work on it."""
        with self.lock:
            job.cancelled = True
            if job in self.waiting:
                self.waiting.remove(job)
                _finish(job, error=Cancelled())
            elif job.judge is not None:
                job.judge.abort()

    def close(self) -> None:
        """Ends all processes; what still waits gets a GraderError."""
        with self.lock:
            self.closed = True
            waiting, self.waiting = self.waiting, []
            self.lock.notify_all()
        for job in waiting:
            _finish(job, error=GraderError("the grader was closed"))
        for thread in self.threads:
            thread.join(timeout=ANSWER_SECONDS)

    def _enqueue(self, request: dict[str, Any], user: str | None) -> Job:
        with self.lock:
            if self.closed:
                raise GraderError("the grader is closed")
            job = Job(request, user, next(self.numbers), self)
            self.waiting.append(job)
            idle = len(self.threads) - len(self.running)
            if len(self.threads) < self.judges and len(self.waiting) > idle:
                self._start_thread()
            self.lock.notify()
        return job

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._work, daemon=True, name="grader")
        self.threads.append(thread)
        thread.start()

    def _order(self) -> list[Job]:
        """Waiting jobs as they will be served: everyone's first before anyone's second."""
        seen = Counter(job.turn for job in self.running)
        rounds = {}
        for job in sorted(self.waiting, key=lambda job: job.number):
            rounds[job.number] = seen[job.turn]
            seen[job.turn] += 1
        return sorted(self.waiting, key=lambda job: (rounds[job.number], job.number))

    def _next(self) -> Job | None:
        """The next job that may run now; a user's second waits while the first runs."""
        busy = {job.turn for job in self.running}
        return next((job for job in self._order() if job.turn not in busy), None)

    def _take(self, judge: JudgeProcess) -> Job | None:
        with self.lock:
            while not self.closed:
                job = self._next()
                if job is not None:
                    self.waiting.remove(job)
                    self.running.append(job)
                    job.judge = judge
                    return job
                self.lock.wait()
        return None

    def _work(self) -> None:
        judge = JudgeProcess()
        while (job := self._take(judge)) is not None:
            value, error = _carry_out(judge, job, self.public)
            with self.lock:
                job.judge = None
                self.running.remove(job)
                self.lock.notify_all()
            _finish(job, value, error)
        judge.close()


def _carry_out(judge: JudgeProcess, job: Job, public: bool) -> tuple[Any, GraderError | None]:
    """The answer; a judge that is gone is replaced once, since a request changes nothing."""
    request = job.request
    for _ in range(TRIES):
        try:
            if public and request["op"] in ("check", "run"):
                _refuse_strangers(judge.ask({"op": "missing"}))
            return _typed(request["op"], judge.ask(dict(request))), None
        except GraderError as error:
            return None, error
        except (JudgeGone, OSError, ValueError):
            judge.close()
            if job.cancelled:
                return None, Cancelled()
    return None, GraderError("the judge's process ended twice; please try again")


def _refuse_strangers(missing: dict[str, str]) -> None:
    """GraderError where neither of the two walls for network, or for files, stands."""
    for walls in (("namespaces", "seccomp"), ("file tree", "landlock")):
        if all(wall in missing for wall in walls):
            raise GraderError(
                f"this machine cannot confine submissions ({' and '.join(walls)} are missing), so "
                "code is judged only for whoever runs the app, at a loopback address; see "
                "python -m grader doctor. HEADROOM_TRUST_EVERYONE=1 overrides this"
            )


def _typed(op: str, value: Any) -> Any:
    if op == "check":
        return Verdict.from_dict(value)
    return RunResult.from_dict(value) if op in ("run", "examples") else value


def _finish(job: Job, value: Any = None, error: GraderError | None = None) -> None:
    job.value, job.error = value, error
    job.finished.set()


def problems(folder: Path) -> list[str]:
    """Slugs of the problems found in a folder."""
    return sorted(path.parent.name for path in folder.glob("*/checks.py"))
