"""Several checks under way at once: while the submission works for one, the judge does another.

Each check runs in a lane of its own (a greenlet) up to the point where it has to wait for the
submission, and takes turns with the others there. All is one thread, and the turns depend on
nothing but the checks, so that a verdict can be repeated from its seed.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from greenlet import getcurrent, greenlet

WIDTH = 5


@dataclass(frozen=True)
class Work:
    """One piece of work; `alone` if nothing else may be under way beside it."""

    run: Callable[[], None]
    alone: bool = False


class Lane(greenlet):
    """One piece of work under way."""

    def __init__(self, work: Work) -> None:
        super().__init__(work.run)
        self.alone = work.alone
        self.away = 0.0  # seconds in which the others had their turns


def run(works: Iterable[Work], over: Callable[[], bool]) -> None:
    """Runs every piece of work, WIDTH of them in turns; when `over` says so, drops what is left."""
    waiting, lanes = deque(works), deque[Lane]()
    try:
        while (waiting or lanes) and not over():
            lane = Lane(waiting.popleft()) if _room(waiting, lanes) else lanes.popleft()
            lane.switch()
            if not lane.dead:
                lanes.append(lane)
    finally:
        for lane in lanes:
            lane.throw()


def _room(waiting: deque[Work], lanes: deque[Lane]) -> bool:
    if not waiting or len(lanes) >= WIDTH:
        return False
    return not lanes or not (waiting[0].alone or any(lane.alone for lane in lanes))


def current() -> object:
    """Stands for the lane that this is called in."""
    return getcurrent()


def pause() -> None:
    """For whoever has to wait for the submission: gives the other lanes, if any, their turn."""
    lane = getcurrent()
    if isinstance(lane, Lane) and lane.parent is not None:
        left = time.perf_counter()
        lane.parent.switch()
        lane.away += time.perf_counter() - left


def clock() -> float:
    """Seconds on a clock that stands still while the current lane is away."""
    lane = getcurrent()
    return time.perf_counter() - (lane.away if isinstance(lane, Lane) else 0.0)
