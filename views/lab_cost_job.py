"""Measurements in the background, one at a time: two at once would disturb each other.

A measurement is a process of its own, which a person can stop and which ends when its time is up;
what it has told until then is kept. No torch and no Streamlit.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
THREADS = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS", "NUMEXPR")}


class Busy(Exception):
    """Too many measurements wait already."""


@dataclass(frozen=True)
class Request:
    """What to measure: variants by name, at each length, with `heads` of width `dim`.

    `room` are the bytes that a call may be foreseen to take, `seconds` the time for all of them.
    """

    names: tuple[str, ...]
    lengths: tuple[int, ...]
    heads: int
    dim: int
    room: int
    seconds: float


@dataclass(frozen=True)
class Limits:
    """What a host allows: the longest length, seconds and bytes for one request, and who waits."""

    longest: int
    seconds: float
    room: int
    waiting: int


OWN = Limits(longest=16384, seconds=180.0, room=3 * 2**30, waiting=16)
PUBLIC = Limits(longest=4096, seconds=30.0, room=2**29, waiting=6)

Figures = dict[str, dict[int, dict[str, Any]]]


@dataclass
class Job:
    """A measurement on its way. `state` is waiting, running, done, stopped, late or failed."""

    request: Request
    state: str = "waiting"
    figures: Figures = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    started: float = 0.0
    process: subprocess.Popen[str] | None = None
    trouble: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.state not in ("waiting", "running")

    @property
    def done(self) -> int:
        """Figures that are there, or will never be because their variant has ended."""
        lengths = len(self.request.lengths)
        names = self.request.names
        return sum(lengths if n in self.ended else len(self.figures.get(n, {})) for n in names)

    @property
    def total(self) -> int:
        """Figures asked for."""
        return len(self.request.names) * len(self.request.lengths)

    @property
    def doing(self) -> tuple[str, int] | None:
        """The variant and the length that are being measured, as far as one can tell."""
        for name in self.request.names:
            if name not in self.ended:
                at = len(self.figures.get(name, {}))
                return name, self.request.lengths[min(at, len(self.request.lengths) - 1)]
        return None

    def hear(self, message: dict[str, Any]) -> None:
        """Take over one line of the worker."""
        name = message["name"]
        if "figure" in message:
            self.figures.setdefault(name, {})[message["length"]] = message["figure"]
        elif "refusal" in message:
            self.refusals[name] = message["refusal"]
        else:
            self.ended.add(name)


class Bench:
    """The one place where this app measures; jobs are served in the order in which they came."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.lock = threading.Condition()
        self.queue: list[Job] = []
        self.thread: threading.Thread | None = None

    def submit(self, request: Request) -> Job:
        """Put a measurement in the queue. Busy where too many wait."""
        job = Job(request)
        with self.lock:
            if len(self.queue) > self.limits.waiting:
                raise Busy
            self.queue.append(job)
            if self.thread is None:
                self.thread = threading.Thread(target=self._work, daemon=True, name="lab cost")
                self.thread.start()
        return job

    def before(self, job: Job) -> int:
        """How many are measured before this one has its turn."""
        with self.lock:
            return self.queue.index(job) if job in self.queue else 0

    def stop(self, job: Job) -> None:
        """End a measurement; what it has found is kept."""
        with self.lock:
            if job.over:
                return
            job.state = "stopped"
            if job.process is not None:
                end(job.process)
            elif job in self.queue:
                self.queue.remove(job)

    def _work(self) -> None:
        while True:
            with self.lock:
                if not self.queue:
                    self.thread = None
                    return
                job = self.queue[0]
            try:
                self._measure(job)
            except Exception as error:  # the queue goes on, and the page says what happened
                job.trouble, job.state = str(error), "failed"
            with self.lock, contextlib.suppress(ValueError):
                self.queue.remove(job)

    def _measure(self, job: Job) -> None:
        with self.lock:
            if job.over:
                return
            job.state, job.started = "running", time.monotonic()
            job.process = process = start(job.request)
        timer = threading.Timer(job.request.seconds, self._expire, (job,))
        timer.start()
        try:
            for message in lines(process):
                job.hear(message)
        finally:
            timer.cancel()
            end(process)
            assert process.stdout is not None
            process.stdout.close()
        with self.lock:
            if job.state == "running":
                job.state = "done" if job.ended == set(job.request.names) else "failed"

    def _expire(self, job: Job) -> None:
        with self.lock:
            if job.state == "running" and job.process is not None:
                job.state = "late"
                end(job.process)


def start(request: Request) -> subprocess.Popen[str]:
    """The worker, in a session of its own so that its helpers can be ended with it."""
    return subprocess.Popen(
        [sys.executable, "-m", "views.lab_cost_worker", json.dumps(asdict(request))],
        cwd=ROOT,
        env={**os.environ, **THREADS},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def lines(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    """What the worker tells, until it ends; a line that was cut off by its end is left out."""
    assert process.stdout is not None
    for line in process.stdout:
        with contextlib.suppress(ValueError):
            yield json.loads(line)


def end(process: subprocess.Popen[str]) -> None:
    """End the worker and its helpers at once."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)
