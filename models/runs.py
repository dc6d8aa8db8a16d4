"""A training run in the background, which pages look at while it goes on.

One run trains at a time, on one thread, and yields between steps, so that whoever else uses the
process waits for milliseconds. Runs are deterministic: finished ones are kept and shared.
"""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections import OrderedDict
from typing import Literal

import torch

from models.induction import EVERY, STEPS, Checkpoint, Learner, probes

State = Literal["waiting", "running", "done", "stopped", "failed"]
LAYERS = (2, 1)  # the model that learns induction, and the control that cannot
_KEPT = 8
_turn = threading.Lock()
_started: weakref.WeakSet[Run] = weakref.WeakSet()
_finished: OrderedDict[tuple[int, int], Run] = OrderedDict()


class Run:
    """Both models of one seed, trained step by step side by side."""

    def __init__(self, seed: int, heads: int) -> None:
        self.seed = seed
        self.heads = heads
        self.state: State = "waiting"
        self.reason = ""
        self.seconds = 0.0
        self.tokens: list[int] = probes(seed)[0][0, :-1].tolist()
        self.checkpoints: dict[int, list[Checkpoint]] = {layers: [] for layers in LAYERS}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._train, name="induction", daemon=True)

    @property
    def active(self) -> bool:
        """Whether more is to come."""
        return self.state in ("waiting", "running")

    @property
    def steps(self) -> list[int]:
        """The steps that both models have a checkpoint of."""
        common = min(len(found) for found in self.checkpoints.values())
        return [found.step for found in self.checkpoints[LAYERS[0]][:common]]

    def at(self, step: int) -> dict[int, Checkpoint]:
        """Both models' checkpoints at a step, or at the nearest one before it."""
        index = sum(known <= step for known in self.steps[1:])
        return {layers: found[index] for layers, found in self.checkpoints.items()}

    def start(self) -> Run:
        """Begin in the background."""
        _started.add(self)
        self._thread.start()
        return self

    def stop(self) -> None:
        """End after the current step; what was learnt so far stays."""
        self._stop.set()

    def join(self, timeout: float | None = None) -> None:
        """Wait until it is over."""
        self._thread.join(timeout)

    def _train(self) -> None:
        while not _turn.acquire(timeout=0.1):
            if self._stop.is_set():
                self.state = "stopped"
                return
        threads = torch.get_num_threads()
        try:
            torch.set_num_threads(1)
            self.state = "running"
            self._loop()
        except Exception as error:  # whatever it was, the page has to say so
            self.reason = str(error) or type(error).__name__
            self.state = "failed"
        finally:
            torch.set_num_threads(threads)
            _turn.release()

    def _loop(self) -> None:
        began = time.monotonic()
        learners = {layers: Learner(layers, self.heads, self.seed) for layers in LAYERS}
        for step in range(STEPS + 1):
            if step % EVERY == 0:
                for layers, learner in learners.items():
                    self.checkpoints[layers].append(learner.checkpoint())
            self.seconds = time.monotonic() - began
            if step == STEPS or self._stop.is_set():
                break
            for learner in learners.values():
                learner.advance()
            time.sleep(0.0005)  # lets other threads have the interpreter
        if step == STEPS:
            _finished[self.seed, self.heads] = self
            while len(_finished) > _KEPT:
                _finished.popitem(last=False)
        self.state = "done" if step == STEPS else "stopped"


def begin(seed: int, heads: int) -> Run:
    """The finished run of this seed if there is one, else a new one that has just started."""
    return finished(seed, heads) or Run(seed, heads).start()


def finished(seed: int, heads: int) -> Run | None:
    """A run that came to its end earlier."""
    return _finished.get((seed, heads))


@atexit.register
def _end() -> None:
    """Leave no thread inside torch while the process ends: that would abort it."""
    for run in list(_started):
        run.stop()
        run.join(5.0)
