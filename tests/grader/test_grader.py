"""The grader from outside: verdicts, limits, oddities, fairness, and the death of its parts."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from grader import Grader, GraderError, Verdict
from grader.client import _refuse_strangers
from grader.remote import RemoteSide
from grader.sandbox import Sandbox
from grader.verdict import Cancelled
from tests.grader.conftest import SLUG, SOLUTIONS

HANG = 120  # seconds after which a wait is a hang, on any machine


def test_importing_the_grader_imports_no_torch() -> None:
    code = "import sys, grader; raise SystemExit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_right_is_accepted_and_wrong_is_diagnosed(grader: Grader, right: str, wrong: str) -> None:
    verdict = grader.check(SLUG, right)
    assert verdict.verdict == "accepted"
    assert all(check.passed for check in verdict.checks)
    refused = grader.check(SLUG, wrong)
    assert refused.verdict == "wrong"
    assert refused.diagnosis is None  # no wrong variant answers like this one


def test_a_variant_is_recognised(grader: Grader) -> None:
    path = next(iter(sorted((SOLUTIONS / SLUG / "wrong").glob("*transpose*.py"))))
    verdict = grader.check(SLUG, path.read_text(encoding="utf-8"))
    assert verdict.verdict == "wrong"
    assert verdict.diagnosis is not None
    assert verdict.diagnosis["en"] in " ".join(path.read_text(encoding="utf-8").split())


@pytest.mark.parametrize(
    "called",
    [
        "torch.nn.Softmax(dim)(x)",
        "torch.nn.functional.softmin(-x, dim)",
        "scripted(x, dim)",
        "torch.func.vmap(lambda row: torch.softmax(row, -1))(x)",
        "torch.ops.aten.softmax.int(x, dim)",
    ],
)
def test_a_forbidden_call_is_named_in_every_wrapping(grader: Grader, called: str) -> None:
    script = "@torch.jit.script\ndef scripted(x, dim: int):\n    return torch.softmax(x, dim)\n"
    code = f"import torch\n{script}\ndef softmax(x, dim):\n    return {called}\n"
    verdict = grader.check("stable-softmax", code)
    assert verdict.verdict == "forbidden"
    assert verdict.line


@pytest.mark.parametrize(
    "result",
    [
        "torch.zeros(2, dtype=torch.uint16)",
        "10 ** 5000",
        "[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]",
        "[torch.zeros(1)] * 5000",
        "torch.zeros(1).expand(1 << 30)",
        "torch.zeros([1] * 60)",
    ],
)
def test_a_result_that_cannot_be_sent_is_wrong_and_no_crash(grader: Grader, result: str) -> None:
    code = f"import torch\n\n\ndef softmax(x, dim):\n    return {result}\n"
    verdict = grader.check("stable-softmax", code)
    assert verdict.verdict == "wrong", verdict.message
    assert "got" in verdict.message["en"]


def test_no_text_of_a_submission_reaches_a_terminal_or_page_raw(grader: Grader) -> None:
    text = "\\ud800\\x1b[2J\\u202eaccepted"
    code = f"print('\\x1b[2J\\u202e')\n\n\ndef softmax(x, dim):\n    raise ValueError('{text}')\n"
    verdict = grader.check("stable-softmax", code)
    shown = repr(verdict.to_dict())
    assert "ValueError" in shown
    shown.encode()  # a lone surrogate has no place in UTF-8
    assert not [sign for sign in ("\x1b", "\u202e", "\\x1b", "\\u202e") if sign in shown]


@pytest.mark.parametrize(
    ("slug", "code"),
    [
        ("stable-softmax", "def softmax(x, dim):\n    y = answer(x, dim)\n    x.nan_to_num_()\n"),
        (
            "online-softmax",
            "def online_softmax(blocks):\n    kept = list(blocks)\n    y = answer(iter(kept))\n"
            "    with torch.no_grad():\n        kept[0].zero_()\n",
        ),
    ],
)
def test_every_change_of_an_input_is_seen(grader: Grader, slug: str, code: str) -> None:
    right = (SOLUTIONS / slug / "solution.py").read_text(encoding="utf-8")
    name = code.partition("(")[0].removeprefix("def ")
    given = f"{right}\n\nanswer = {name}\n\n\n{code}    return y\n"
    verdict = grader.check(slug, given)
    assert verdict.verdict == "wrong"
    assert any("modified" in check.message["en"] for check in verdict.checks)


def test_run_sends_no_more_than_can_be_shown(grader: Grader) -> None:
    code = "import torch\n\n\ndef softmax(x, dim):\n    return torch.zeros(1 << 20)\n"
    shown = grader.run("stable-softmax", code).examples[0].outputs
    assert "too large" in str(shown)


@pytest.mark.parametrize(
    ("result", "shown"),
    [("None", "None"), ("{}", "dict"), ("torch.complex(x, x)", "complex64 tensor of shape (2, 2)")],
)
def test_run_shows_what_no_answer_can_be(grader: Grader, result: str, shown: str) -> None:
    code = f"import torch\n\n\ndef softmax(x, dim):\n    return {result}\n"
    first = grader.run("stable-softmax", code).examples[0]
    assert first.outputs is not None
    assert str(first.outputs[0]).startswith(shown)


def test_run_says_why_there_is_nothing_to_show(grader: Grader) -> None:
    code = "import torch\n\n\ndef softmax(x, dim):\n    return torch.softmax(x, dim)\n"
    first = grader.run("stable-softmax", code).examples[0]
    assert first.error is not None
    assert "forbids" in first.error["en"]
    assert first.line == 5
    right = (SOLUTIONS / "kv-cache" / "solution.py").read_text(encoding="utf-8")
    alone = f"{right}\nplain = CachedSelfAttention.forward\n"
    alone += "CachedSelfAttention.forward = lambda *given: plain(*given)[0]\n"
    for given, why in ((alone, "Expected 2 results"), (right + "\nnn.Linear = nn.Identity\n", "")):
        (only,) = grader.run("kv-cache", given).examples
        assert only.error is not None
        assert why in only.error["en"]
        assert only.inputs
        assert only.outputs is None


def test_a_line_is_told_in_both_languages(grader: Grader) -> None:
    message = grader.check("stable-softmax", "def softmax(x, dim):\n    raise KeyError\n").message
    assert "(line 2)" in message["en"]
    assert "（第 2 行）" in message["zh"]
    assert "line" not in message["zh"]


LOOP = "while True: pass\n"


def test_a_job_can_be_stopped_waiting_or_at_work(right: str) -> None:
    with Grader(judges=1) as grader:
        grader.check(SLUG, right)
        running, waiting = (grader.submit(SLUG, LOOP, user="one") for _ in range(2))
        while running.position:
            time.sleep(0.01)
        waiting.cancel()
        with pytest.raises(Cancelled):
            waiting.result(timeout=1)
        time.sleep(0.3)
        running.cancel()
        with pytest.raises(Cancelled):
            running.result(timeout=HANG / 4)
        running.cancel()  # what is over stays as it is
        assert grader.check(SLUG, right).verdict == "accepted"


def test_the_seed_repeats_the_inputs(grader: Grader, wrong: str) -> None:
    first = grader.check(SLUG, wrong)
    again = grader.check(SLUG, wrong, seed=first.seed)
    other = grader.check(SLUG, wrong)
    assert other.seed != first.seed
    # repr, since NaN is not equal to itself
    assert repr([c.detail for c in again.checks]) == repr([c.detail for c in first.checks])
    assert repr([c.detail for c in other.checks]) != repr([c.detail for c in first.checks])


def test_a_verdict_survives_the_store(grader: Grader, wrong: str) -> None:
    verdict = grader.check(SLUG, wrong)
    assert Verdict.from_dict(verdict.to_dict()) == verdict


@pytest.mark.parametrize(
    "change",
    [
        lambda code: code.replace("\n", "\r\n"),
        lambda code: "\ufeff" + code,
        lambda code: "import warnings\nwarnings.warn('look out')\nprint('hello')\n" + code,
        lambda code: code + "\nif __name__ == '__main__':\n    raise SystemExit(1)\n",
        lambda code: "# 注释\n多头 = 1\n" + code,
        lambda code: "from __future__ import annotations\n" + code.split('"""', 2)[2],
        lambda code: "import math, random, dataclasses, functools, typing\n" + code,
        lambda code: (
            "import dataclasses\n\n@dataclasses.dataclass\nclass Helper:\n    x: int = 1\n" + code
        ),
        lambda code: "import torch\ntorch.manual_seed(0)\n" + code,
        lambda code: "import torch\nprint(torch.arange(3))\ntorch.set_grad_enabled(True)\n" + code,
        lambda code: "print('x' * 100_000)\n" + code,
        lambda code: code.replace("\n    def forward", "\n    @torch.compile\n    def forward"),
        lambda code: code.replace("\nclass ", "\n@torch.compile(dynamic=True)\nclass ", 1),
        lambda code: code.replace(
            "\n    def forward", "\n    @torch.compiler.disable\n    def forward"
        ),
        lambda code: (
            code
            + (
                "\n\nfrom torch.utils.checkpoint import checkpoint\n"
                "plain = MultiHeadAttention.forward\n"
                "MultiHeadAttention.forward = lambda *given, **named: checkpoint(\n"
                "    plain, *given, use_reentrant=False, **named\n)\n"
            )
        ),
        lambda code: (
            code + "\n\nimport torch.nn.attention.bias\nx = torch.ones(2)\n"
            "assert torch.func.jacrev(torch.exp)(x).shape == (2, 2)\n"
        ),
    ],
)
def test_honest_oddities_are_accepted(change, grader: Grader, right: str) -> None:
    verdict = grader.check(SLUG, change(right))
    assert verdict.verdict == "accepted", verdict.message


def test_what_is_printed_comes_back_cut(grader: Grader, right: str) -> None:
    assert grader.check(SLUG, "print('你好')\n" + right).stdout.startswith("你好\n")
    long = grader.check(SLUG, "print('x' * 100_000)\n" + right)
    assert len(long.stdout) == 64 << 10
    assert any("64 KiB" in note["en"] for note in long.notes)


def test_errors_name_their_line(grader: Grader, wrong: str) -> None:
    assert grader.check(SLUG, "x = 1\n\ndef f(:\n").line == 3
    failing = wrong.replace("return self.output_linear", "return self.missing_linear")
    verdict = grader.check(SLUG, failing)
    assert verdict.verdict == "error"
    assert (
        verdict.line
        == failing.splitlines().index(
            "        return self.missing_linear(self.query_linear(query))"
        )
        + 1
    )
    assert "missing_linear" in verdict.message["en"]


def test_an_absent_entry_point_is_named(grader: Grader) -> None:
    verdict = grader.check(SLUG, "class Attention: pass")
    assert verdict.verdict == "error"
    assert "MultiHeadAttention" in verdict.message["en"]


def test_unknown_problems_are_refused(grader: Grader) -> None:
    for slug in ("no-such-problem", "../secrets", ""):
        with pytest.raises(GraderError, match="no problem named"):
            grader.check(slug, "")


def test_run_shows_the_examples(grader: Grader, right: str, wrong: str) -> None:
    expected = grader.examples(SLUG).examples[0].expected
    run = grader.run(SLUG, "print('seen')\n" + right)
    assert run.stdout == "seen\n"
    assert run.examples[0].outputs is not None
    assert run.examples[0].expected == expected
    failing = grader.run(SLUG, wrong.replace("return self", "return self.nowhere"))
    assert failing.examples[0].error is not None
    assert failing.examples[0].line is not None
    assert grader.run(SLUG, "def f(:").error is not None


def test_run_takes_chosen_inputs(grader: Grader, right: str) -> None:
    x = [[[1.0, 2.0], [3.0, 4.0]]]
    run = grader.run(SLUG, right, {"query": x, "key": x, "value": x}, arguments=[2, 1])
    (example,) = run.examples
    assert example.outputs is not None
    assert example.outputs[0].shape == (1, 2, 2)  # type: ignore[union-attr]


def descendants(pid: int) -> dict[int, str]:
    """Every process below `pid` with its command line."""
    found: dict[int, str] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            command = (status.parent / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        found[int(status.parent.name)] = f"{parent} {command}"
    below, grown = {pid}, True
    while grown:
        more = {p for p, text in found.items() if int(text.split()[0]) in below} - below
        grown = bool(more)
        below |= more
    return {p: found[p] for p in below if p != pid and "grader import" in found[p]}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_any_process_may_be_killed_at_any_moment(right: str, wrong: str) -> None:
    with Grader(judges=1) as grader:
        assert grader.check(SLUG, right).verdict == "accepted"
        count = len(descendants(os.getpid()))
        assert count >= 3  # the worker, the zygote's launcher, the zygote, a spare child
        for index in range(count):
            victims = sorted(descendants(os.getpid()))
            if index < len(victims):
                os.kill(victims[index], signal.SIGKILL)
            assert grader.submit(SLUG, right).result(HANG).verdict == "accepted"
            assert grader.submit(SLUG, wrong).result(HANG).verdict == "wrong"
        for index in range(count):
            job = grader.submit(SLUG, "import time\ntime.sleep(0.5)\n" + right)
            while job.position and not job.done():
                pass
            victims = sorted(descendants(os.getpid()))
            os.kill(victims[min(index, len(victims) - 1)], signal.SIGKILL)
            assert job.result(HANG).verdict in ("accepted", "crashed")
            assert grader.submit(SLUG, right).result(HANG).verdict == "accepted"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_is_left_running() -> None:
    before = set(descendants(os.getpid()))
    with Grader(judges=1) as grader:
        grader.warm()
        job = grader.submit(SLUG, "while True: pass")
        while job.position:
            time.sleep(0.01)
        assert set(descendants(os.getpid())) - before
    assert set(descendants(os.getpid())) <= before


def test_a_loop_delays_nobody_else(right: str) -> None:
    with Grader(judges=2) as grader:
        grader.warm()
        loops = [grader.submit(SLUG, "while True: pass", user="loop") for _ in range(3)]
        others = [grader.submit(SLUG, right, user=f"user {n}") for n in range(10)]
        while not all(job.done() for job in others):
            assert sum(job.user == "loop" for job in list(grader.running)) <= 1
            time.sleep(0.01)
        assert all(job.result(HANG).verdict == "accepted" for job in others)
        assert loops[0].position == 0


def test_twenty_people_at_once_are_all_served(right: str) -> None:
    with Grader(judges=2) as grader:
        jobs = [grader.submit(SLUG, right, user=f"user {n}") for n in range(20)]
        assert {job.result(HANG).verdict for job in jobs} == {"accepted"}


def test_strangers_are_refused_where_the_walls_are_missing() -> None:
    _refuse_strangers({})
    _refuse_strangers({"namespaces": "no", "file tree": "no"})  # Landlock and seccomp stand
    for walls in ({"namespaces", "seccomp"}, {"file tree", "landlock"}):
        with pytest.raises(GraderError, match="cannot confine"):
            _refuse_strangers(dict.fromkeys(walls, "no"))


def test_the_zygote_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.sandbox.RECYCLE_AFTER", 2)
    sandbox = Sandbox()
    try:
        sources = []
        for _ in range(3):
            child = sandbox.take()
            assert RemoteSide(child).has("print") is False
            child.close()
            sources.append(sandbox.source)
        assert sources[0] is sources[1] is not sources[2]
    finally:
        sandbox.close()


def test_a_queue_has_positions_and_turns() -> None:
    grader = Grader(judges=1)
    grader.threads.append(threading.Thread())  # nobody works: the queue only fills
    jobs = [grader.submit(SLUG, "", user=user) for user in ("a", "a", "a", "b", "c")]
    assert [job.position for job in jobs] == [1, 4, 5, 2, 3]
    with pytest.raises(TimeoutError):
        jobs[0].result(0)
    grader.threads.clear()
    grader.close()
    with pytest.raises(GraderError, match="closed"):
        jobs[0].result(0)
    with pytest.raises(GraderError, match="closed"):
        grader.check(SLUG, "")
