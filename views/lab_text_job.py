"""Loading models of the Text view in the background, one at a time, shared by all visits.

No Streamlit. A page never keeps a model: it asks for it by name each time, so that what the shelf
lets go is gone.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from models.pretrained import Limits, Pretrained, Trouble, load, reason_of

WAITING = 4  # loads that may wait for their turn
KEPT = 2  # models in memory
TOLD = 16  # failures that are remembered


class Busy(Exception):
    """Too many models wait to be loaded."""


@dataclass
class Job:
    """A model on its way. `state` is waiting, running, done or failed; `step` says what it does."""

    name: str
    state: str = "waiting"
    step: str = "asking"
    done: int = 0  # bytes fetched
    total: int = 0
    model: Pretrained | None = None
    trouble: Trouble | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ("done", "failed")

    def tell(self, step: str, done: int, total: int) -> None:
        """Take over how far it is."""
        self.step, self.done, self.total = step, done, total


class Shelf:
    """The models that this app has loaded last, and those that it is loading."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.lock = threading.Lock()
        self.queue: list[Job] = []
        self.over: OrderedDict[str, Job] = OrderedDict()
        self.thread: threading.Thread | None = None

    def find(self, name: str) -> Job | None:
        """The model of a name, there or on its way; None if nobody asked for it of late."""
        with self.lock:
            return self._find(name)

    def begin(self, name: str) -> Job:
        """Load a model unless it is there or on its way. Busy where too many wait."""
        with self.lock:
            job = self._find(name)
            if job is not None and job.state != "failed":
                return job
            if len(self.queue) > WAITING:
                raise Busy
            self.over.pop(name, None)
            job = Job(name)
            self.queue.append(job)
            if self.thread is None:
                self.thread = threading.Thread(target=self._work, daemon=True, name="lab models")
                self.thread.start()
            return job

    def before(self, job: Job) -> int:
        """How many are loaded before this one has its turn."""
        with self.lock:
            return self.queue.index(job) if job in self.queue else 0

    def _find(self, name: str) -> Job | None:
        for job in self.queue:
            if job.name == name:
                return job
        if name in self.over:
            self.over.move_to_end(name)
        return self.over.get(name)

    def _work(self) -> None:
        while True:
            with self.lock:
                if not self.queue:
                    self.thread = None
                    return
                job = self.queue[0]
                self._make_room()
            self._load(job)
            with self.lock:
                self.queue.remove(job)
                self.over[job.name] = job

    def _load(self, job: Job) -> None:
        job.state = "running"
        try:
            job.model = load(job.name, self.limits, job.tell)
        except Trouble as trouble:
            # Without its traceback, in whose frames a model may hang.
            job.trouble = Trouble(trouble.kind, **trouble.values)
        except Exception as error:  # the queue goes on, and the page says what happened
            job.trouble = Trouble("load", reason=reason_of(error))
        job.state = "failed" if job.trouble else "done"

    def _make_room(self) -> None:
        """Let go what was not asked for longest, before the next model takes memory."""
        loaded = [name for name, job in self.over.items() if job.model is not None]
        failed = [name for name, job in self.over.items() if job.model is None]
        for names, most in ((loaded, KEPT - 1), (failed, TOLD)):
            for name in names[: max(0, len(names) - most)]:
                del self.over[name]
