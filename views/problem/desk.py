"""The grading desk: hands submissions to the judge and writes its verdicts to the store.

It works in threads of its own, so that a verdict is kept even if nobody waits for it: the page
may be left, reloaded or closed meanwhile. It knows no page; pages ask it how far a grading is.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, TypeVar

from grader.verdict import RunResult, Verdict
from study.store import StoreError

if TYPE_CHECKING:
    from grader import Grader, Job
    from study.store import Store

Result = TypeVar("Result")
KEPT = 200  # gradings remembered after they ended; the verdicts themselves are in the store


@dataclass
class Grading:
    """One submission on its way to a verdict. `failure` says why there is none."""

    submission: int
    code: str
    job: Job | None = None
    verdict: Verdict | None = None
    failure: Exception | None = None
    unsaved: StoreError | None = None  # why the verdict could not be written to the store
    began: float = field(default_factory=time.monotonic)
    ended: Event = field(default_factory=Event)

    @property
    def position(self) -> int | None:
        """Submissions before this one; 0 while it runs, None while the judge starts."""
        return None if self.job is None else self.job.position

    @property
    def seconds(self) -> float:
        """How long it has been waited for."""
        return time.monotonic() - self.began

    def stop(self) -> None:
        """End it without a verdict; the submission stays in the store."""
        if self.job is not None:
            self.job.cancel()

    def wait(self, seconds: float) -> bool:
        """Wait for the end, at most `seconds`; whether it has come."""
        return self.ended.wait(seconds)


@dataclass
class Running:
    """A run of the statement's examples; its future raises GraderError."""

    future: Future[RunResult]
    code: str
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


class Desk:
    """All gradings of this process, by submission."""

    def __init__(self, grader: Grader, store: Store) -> None:
        self._grader = grader
        self._store = store
        self._gradings: dict[int, Grading] = {}
        self._examples: dict[tuple[str, tuple[int, float]], Future[RunResult]] = {}
        self._lock = Lock()
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="desk")

    def submit(self, user: str, slug: str, code: str) -> Grading:
        """Write the submission down, then have it graded. StoreError: it is not graded."""
        number = self._store.add_submission(user, slug, code)
        return self.grade(user, slug, number, code)

    def grade(self, user: str, slug: str, number: int, code: str) -> Grading:
        """Grade a submission that is in the store; one that is being graded is not graded twice."""
        with self._lock:
            known = self._gradings.get(number)
            if known is not None and not known.ended.is_set():
                return known
            grading = self._gradings[number] = Grading(number, code)
            self._forget()
        Thread(target=self._finish, args=(grading, user, slug), daemon=True).start()
        return grading

    def get(self, number: int) -> Grading | None:
        """The grading of a submission, if this process began it."""
        return self._gradings.get(number)

    def run(self, user: str, slug: str, code: str) -> Running:
        """Run the statement's examples on `code`."""
        return Running(self._pool.submit(self._grader.run, slug, code, user=user), code)

    def examples(self, slug: str, stamp: tuple[int, float]) -> Future[RunResult]:
        """The statement's examples with what is expected, computed once per `stamp` of the files.

        What failed is forgotten, so that the next call tries again.
        """
        with self._lock:
            future = self._examples.get((slug, stamp))
            if future is None or _failed(future):
                future = self._pool.submit(self._grader.examples, slug)
                self._examples[slug, stamp] = future
            return future

    def _finish(self, grading: Grading, user: str, slug: str) -> None:
        # Whatever goes wrong is told: a page must never wait for a thread that has died.
        try:
            grading.job = self._grader.submit(slug, grading.code, user=user)
            grading.verdict = grading.job.result()
            self._record(grading, grading.verdict)
        except Exception as error:
            grading.failure = error
        finally:
            grading.ended.set()

    def _record(self, grading: Grading, verdict: Verdict) -> None:
        try:
            self._store.record_verdict(grading.submission, verdict.to_dict())
        except StoreError as error:
            grading.unsaved = error

    def _forget(self) -> None:
        """Drop the oldest gradings that have ended."""
        ended = [number for number, grading in self._gradings.items() if grading.ended.is_set()]
        for number in ended[: max(0, len(self._gradings) - KEPT)]:
            del self._gradings[number]


def _failed(future: Future[RunResult]) -> bool:
    return future.done() and future.exception() is not None


def settled(future: Future[Result], seconds: float = 0.0) -> bool:
    """Whether the future has a result or an error, waiting at most `seconds` for it."""
    try:
        future.exception(timeout=seconds)
    except TimeoutError:
        return False
    return True
