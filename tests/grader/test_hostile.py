"""No hostile submission is accepted, none leaves a trace, and the grader stays right after each."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader import Grader
from grader.judge import Judge
from grader.sandbox import Sandbox
from grader.verdict import Verdict
from tests.grader.conftest import SLUG, SOLUTIONS
from tests.grader.hostile import ATTACKS, CHEATS, LIES

HANG = 120  # seconds after which a wait is a hang, on any machine
BRIEF = "brief"
ENDLESS = ("endless", "never ends", "sleep", "deadlock", "deaf to signals")


class Judges:
    """The grader; for what never ends, a judge that also has the problem with 2 s, not 10 s."""

    def __init__(self, grader: Grader, folder: Path) -> None:
        self.grader = grader
        for slug in (SLUG, BRIEF):
            shutil.copytree(SOLUTIONS / SLUG, folder / slug)
        with (folder / BRIEF / "checks.py").open("a") as checks:
            checks.write("\nSECONDS = 2\n")
        self.impatient = Judge(Sandbox(), folder)

    def check(self, name: str, code: str, slug: str = SLUG) -> Verdict:
        if any(word in name for word in ENDLESS):
            return Verdict.from_dict(self.impatient.do_check(slug, code))
        return self.grader.submit(SLUG, code).result(HANG)


@pytest.fixture(scope="module")
def judges(grader: Grader, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judges]:
    both = Judges(grader, tmp_path_factory.mktemp("solutions"))
    yield both
    both.impatient.sandbox.close()


def judged(judges: Judges, name: str, code: str) -> str:
    verdict = judges.check(name, code, BRIEF)
    assert verdict.message["en"]
    assert verdict.message["zh"]
    return verdict.verdict


def still_right(judges: Judges, name: str, right: str, wrong: str) -> None:
    assert judges.check(name, right).verdict == "accepted"
    assert judges.check(name, wrong).verdict == "wrong"


@pytest.mark.parametrize("name", CHEATS)
def test_cheats_gain_nothing(name: str, judges: Judges, right: str, wrong: str) -> None:
    assert judged(judges, name, f"{CHEATS[name]}\n{wrong}") != "accepted"
    still_right(judges, name, right, wrong)


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_are_not_accepted(name: str, judges: Judges, right: str, wrong: str) -> None:
    assert judged(judges, name, f"{ATTACKS[name]}\n{right}") != "accepted"
    still_right(judges, name, right, wrong)


@pytest.mark.parametrize("name", LIES)
def test_lies_are_not_believed(name: str, judges: Judges, right: str, wrong: str) -> None:
    lying = re.sub(r"\n        return self\.output_linear.*", f"\n        {LIES[name]}", wrong)
    assert LIES[name] in lying
    assert judged(judges, name, lying) != "accepted"
    still_right(judges, name, right, wrong)


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
def test_the_verdict_says_what_happened(name: str, verdict: str, judges: Judges) -> None:
    assert judged(judges, name, ATTACKS[name]) == verdict
