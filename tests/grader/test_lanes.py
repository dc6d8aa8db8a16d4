"""Checks under way at once: their turns, who is to blame for an end, and large messages."""

import os
import socket
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader import lanes
from grader.exam import Died
from grader.judge import Judge
from grader.lanes import Work
from grader.remote import Child
from grader.sandbox import Sandbox


def never() -> bool:
    return False


def test_works_take_turns_and_end_in_their_own_time() -> None:
    log: list[str] = []

    def work(name: str, pauses: int) -> Work:
        def run() -> None:
            for step in range(pauses):
                log.append(f"{name}{step}")
                lanes.pause()
            log.append(f"{name} ends")

        return Work(run)

    lanes.run([work("a", 2), work("b", 1)], never)
    assert log == ["a0", "b0", "a1", "b ends", "a ends"]


def test_whoever_asks_to_be_alone_is() -> None:
    under_way: set[str] = set()
    seen: dict[str, set[str]] = {}

    def work(name: str, alone: bool = False) -> Work:
        def run() -> None:
            under_way.add(name)
            for _ in range(3):
                lanes.pause()
                seen[name] = seen.get(name, set()) | under_way - {name}
            under_way.remove(name)

        return Work(run, alone)

    lanes.run([work("a"), work("b"), work("c", alone=True), work("d"), work("e")], never)
    assert seen == {"a": {"b"}, "b": {"a"}, "c": set(), "d": {"e"}, "e": {"d"}}


def test_what_is_left_is_dropped_and_cleaned_up() -> None:
    log: list[str] = []

    def waits() -> None:
        try:
            lanes.pause()
            log.append("went on")
        finally:
            log.append("cleaned up")

    lanes.run([Work(waits), Work(lambda: log.append("last"))], over=lambda: "last" in log)
    assert log == ["last", "cleaned up"]


def test_errors_reach_the_caller_and_the_others_are_cleaned_up() -> None:
    log: list[str] = []

    def waits() -> None:
        try:
            lanes.pause()
        finally:
            log.append("cleaned up")

    def fails() -> None:
        raise RuntimeError("a fault of ours")

    with pytest.raises(RuntimeError, match="a fault of ours"):
        lanes.run([Work(waits), Work(fails)], never)
    assert log == ["cleaned up"]


def test_the_clock_stands_still_while_others_have_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr("grader.lanes.time.perf_counter", lambda: now[0])
    taken: list[float] = []

    def work(seconds: float) -> Work:
        def run() -> None:
            start = lanes.clock()
            for _ in range(3):
                now[0] += seconds
                lanes.pause()
            taken.append(lanes.clock() - start)

        return Work(run)

    lanes.run([work(1.0), work(10.0)], never)
    assert taken == [3.0, 30.0]


def test_outside_a_lane_nothing_waits() -> None:
    lanes.pause()
    assert lanes.clock() <= lanes.clock()


CHECKS = '''
import torch

ENTRY = "f"

def check_first(trial):
    """First."""
    for value in (1.0, 2.0):
        trial.function().compare(torch.full((3,), value).double(), gradients=False)

def check_second(trial):
    """Second."""
    trial.function().compare(torch.full((3,), 7.0).double(), gradients=False)

def check_third(trial):
    """Third."""
    trial.function().compare(torch.full((3,), 4.0).double(), gradients=False)

def check_large(trial):
    """Large."""
    trial.function().compare(trial.randn(9000), trial.randn(9000), gradients=False)

def check_larger(trial):
    """Larger."""
    first = trial.function().begin((trial.randn(7000), trial.randn(7000)))
    second = trial.function().begin((trial.randn(7000), trial.randn(7000)))
    assert first().outputs.shape == second().outputs.shape == (200, 7000)
'''
SOLUTION = """
import torch

def f(x, y=None):
    return 2 * x if y is None else torch.outer(x[:200], y)
"""


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    folder = tmp_path_factory.mktemp("solutions")
    (folder / "double").mkdir()
    (folder / "double" / "checks.py").write_text(textwrap.dedent(CHECKS), encoding="utf-8")
    (folder / "double" / "solution.py").write_text(SOLUTION, encoding="utf-8")
    sandbox = Sandbox()
    yield Judge(sandbox, Path(folder))
    sandbox.close()


def check(judge: Judge, code: str) -> tuple[str, dict[str, str]]:
    """The verdict, and for each check whether it passed, failed or was not run."""
    verdict = judge.do_check("double", code, 1)
    told = {}
    for result in verdict["checks"]:
        what = (result["detail"] or {}).get("what")
        told[result["name"].removeprefix("check_")] = (
            "passed" if result["passed"] else "not run" if what == "not run" else "failed"
        )
    return verdict["verdict"], told


def test_messages_larger_than_the_channel_do_not_stop_either_side(judge: Judge) -> None:
    verdict, told = check(judge, SOLUTION)
    assert verdict == "accepted", told


@pytest.mark.parametrize(
    ("end", "verdict"),
    [
        ("import os; os._exit(3)", "crashed"),
        ("import os; os.abort()", "crashed"),
        ("import socket; socket.socket()", "forbidden"),
        ("raise MemoryError", "memory"),
    ],
)
def test_the_check_that_ended_it_is_blamed(judge: Judge, end: str, verdict: str) -> None:
    code = SOLUTION.replace("    return", f"    if x.flatten()[0] == 7:\n        {end}\n    return")
    found, told = check(judge, code)
    assert told["second"] == "failed", (found, told)
    assert "failed" not in {told[name] for name in told if name != "second"}
    assert found == verdict


class Gone:
    """A process that ended by itself with status 3."""

    pid = 0

    def kill(self) -> None:
        return

    def over(self, seconds: float) -> bool:
        return True

    def status(self) -> int:
        return 3 << 8


def test_an_end_shows_to_who_waits_for_the_first_answer() -> None:
    ours, theirs = socket.socketpair()
    read_end, write_end = os.pipe()
    child = Child(ours, read_end, Gone())
    child.deadline = time.monotonic() + 60
    first = child.begin_asking("has", name="f")
    theirs.close()
    second = child.begin_asking("has", name="g")
    with pytest.raises(Died) as end:
        first()
    assert end.value.verdict == "crashed"
    with pytest.raises(Died):
        second()
    os.close(write_end)
    child.close()


def test_a_wrong_answer_to_one_check_fails_no_other(judge: Judge) -> None:
    code = SOLUTION.replace("2 * x", "(2 + (x == 7)) * x")
    assert check(judge, code) == (
        "wrong",
        {
            "first": "passed",
            "second": "failed",
            "third": "passed",
            "large": "passed",
            "larger": "passed",
        },
    )
