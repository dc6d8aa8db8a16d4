"""No hostile submission is accepted, none leaves a trace, and the grader stays right after each."""

import re
from pathlib import Path

import pytest

from grader import Grader
from tests.grader.conftest import SLUG
from tests.grader.hostile import ATTACKS, CHEATS, LIES

HANG = 120  # seconds after which a wait is a hang, on any machine


def judged(grader: Grader, code: str) -> str:
    verdict = grader.submit(SLUG, code).result(HANG)
    assert verdict.message["en"]
    assert verdict.message["zh"]
    return verdict.verdict


def still_right(grader: Grader, right: str, wrong: str) -> None:
    assert grader.check(SLUG, right).verdict == "accepted"
    assert grader.check(SLUG, wrong).verdict == "wrong"


@pytest.mark.parametrize("name", CHEATS)
def test_cheats_gain_nothing(name: str, grader: Grader, right: str, wrong: str) -> None:
    assert judged(grader, f"{CHEATS[name]}\n{wrong}") != "accepted"
    still_right(grader, right, wrong)


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_are_not_accepted(name: str, grader: Grader, right: str, wrong: str) -> None:
    assert judged(grader, f"{ATTACKS[name]}\n{right}") != "accepted"
    still_right(grader, right, wrong)


@pytest.mark.parametrize("name", LIES)
def test_lies_are_not_believed(name: str, grader: Grader, right: str, wrong: str) -> None:
    lying = re.sub(r"\n        return self\.output_linear.*", f"\n        {LIES[name]}", wrong)
    assert LIES[name] in lying
    assert judged(grader, lying) != "accepted"
    still_right(grader, right, wrong)


def test_nothing_is_left_on_the_host() -> None:
    assert not list(Path("/tmp").glob("left-behind*"))


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("endless loop", "timeout"),
        ("sleep", "timeout"),
        ("deaf to signals", "timeout"),
        ("memory", "memory"),
        ("memory in torch", "memory"),
        ("output flood", "forbidden"),
        ("read the passwords", "forbidden"),
        ("fork", "forbidden"),
        ("tcp", "forbidden"),
        ("abort", "crashed"),
        ("os._exit", "crashed"),
        ("kill itself", "crashed"),
        ("exit", "error"),
        ("no syntax", "error"),
        ("null byte", "error"),
        ("five megabytes", "error"),
    ],
)
def test_the_verdict_says_what_happened(name: str, verdict: str, grader: Grader) -> None:
    assert judged(grader, ATTACKS[name]) == verdict
