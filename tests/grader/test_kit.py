"""The check kit, on modules of this process: what it lets pass, what it names, what it measures."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from grader import compare
from grader.exam import RECORD_LIMIT, Problem, Record, bilingual, check_file, diagnose, run_checks
from grader.host import SubmissionError, Target
from grader.kit import Failure, Trial, once
from grader.local import LocalSide, ReferenceSide


class Double(nn.Module):
    """The layer under test: a linear map whose width must be even."""

    def __init__(self, width: int) -> None:
        super().__init__()
        if width % 2:
            raise ValueError("odd")
        self.linear = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x) * 2


def trial(candidate: dict[str, Any], reference: dict[str, Any], entry: str = "f") -> Trial:
    return Trial(LocalSide(candidate), ReferenceSide(reference), entry, seed=1)


def of(function: Callable[..., Any], reference: Callable[..., Any], **options: Any) -> None:
    """Compares two functions of one tensor (2, 3)."""
    pair = trial({"f": function}, {"f": reference})
    pair.function().compare(pair.randn(2, 3), **options)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.exp(),
        lambda x: torch.exp(x).T.contiguous().T,
        lambda x: torch.stack([row.exp() for row in x]),
        lambda x: nn.Parameter(x.exp()) if not x.requires_grad else x.exp(),
    ],
)
def test_right_values_pass_in_any_style(function: Callable[..., Any]) -> None:
    of(function, torch.exp, finite_differences=True)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x.exp() * (1 + 1e-7), "got"),
        (lambda x: x.exp()[:1], "shape"),
        (lambda x: x.exp().float().double(), "got"),
        (lambda x: x.exp().to(torch.float32), "dtype"),
        (lambda x: (x.exp(), x), "tuple of 2"),
        (lambda _: None, "None"),
        (lambda x: x.exp() + float("nan"), "nan"),
        (lambda x: x.exp_(), "modified"),
        (lambda x: x.detach().exp(), "No gradient"),
        (lambda x: x.exp() + 0 * x.detach().sum() + x - x.detach(), "gradient"),
        (lambda x: {"a": x}, "dict"),
    ],
)
def test_wrong_values_fail_by_name(function: Callable[..., Any], message: str) -> None:
    with pytest.raises(Failure, match=message) as failure:
        of(function, torch.exp)
    assert set(failure.value.message) == {"en", "zh"}


def test_a_gradient_that_is_not_the_forwards_is_found() -> None:
    class Lie(torch.autograd.Function):
        @staticmethod
        def forward(_: Any, x: torch.Tensor) -> torch.Tensor:
            return x.exp()

        @staticmethod
        def backward(_: Any, grad: torch.Tensor) -> torch.Tensor:
            return grad

    with pytest.raises(Failure, match="along a direction"):
        of(Lie.apply, Lie.apply, finite_differences=True)


def test_several_outputs_are_named() -> None:
    with pytest.raises(Failure, match="weights"):
        of(lambda x: [x, x], lambda x: (x, x + 1), names=("output", "weights"))


def test_parameters_are_matched_by_name_whatever_their_order() -> None:
    class Renamed(Double):
        def __init__(self, width: int) -> None:
            super().__init__(width)
            self.other = self.linear
            del self.linear

    class Buffered(Double):
        def __init__(self, width: int) -> None:
            super().__init__(width)
            self.register_buffer("mask", torch.ones(1))

    class Listed(Double):
        def __init__(self, width: int) -> None:
            super().__init__(width)
            self.steps = nn.Sequential(self.linear, nn.Tanh())

    class Further(Double):
        def __init__(self, width: int) -> None:
            super().__init__(width)
            self.steps = nn.Sequential(nn.Linear(width, width))

    reference = {"Layer": Double}
    listed = trial({"Layer": Listed}, reference, "Layer")
    listed.layer(4).compare(listed.randn(2, 4))  # another name for a layer is no other layer
    with pytest.raises(Failure, match=r"unexpected steps\.0\.bias"):
        trial({"Layer": Further}, reference, "Layer").layer(4).make()
    good = trial({"Layer": Buffered}, reference, "Layer")
    good.layer(4).compare(good.randn(2, 4))
    with pytest.raises(Failure, match="missing linear"):
        trial({"Layer": Renamed}, reference, "Layer").layer(4).make()
    with pytest.raises(Failure, match="not an nn"):
        trial({"Layer": SimpleNamespace}, {"Layer": lambda: Double(2)}, "Layer").layer().make()


def test_errors_asked_for_must_come() -> None:
    def strict(width: int) -> None:
        raise KeyError(width)

    reference = {"Layer": Double}
    pair = trial({"Layer": Double}, reference, "Layer")
    pair.raises(ValueError, pair.construct, 3)
    with pytest.raises(Failure, match="nothing was raised"):
        pair.raises(ValueError, pair.construct, 4)
    pair = trial({"Layer": strict}, reference, "Layer")
    with pytest.raises(Failure, match="KeyError"):
        pair.raises(ValueError, pair.construct, 3)


def test_state_stays_where_it_is_made() -> None:
    class Counter:
        def __init__(self, start: int) -> None:
            self.total = torch.tensor(float(start))

        def add(self, x: torch.Tensor) -> torch.Tensor:
            self.total = self.total + x.sum()
            return self.total

    pair = trial({"Counter": Counter}, {"Counter": Counter}, "Counter")
    step = pair.new(5).method("add")
    for _ in range(3):
        step.compare(pair.randn(2), gradients=False, dtypes=(torch.float64,))


def test_kept_outputs_come_back_as_tickets() -> None:
    def grow(x: torch.Tensor, cache: Any = None) -> tuple[torch.Tensor, Any]:
        cache = [*(cache or []), x]
        return torch.stack(cache).sum(0), cache

    subject = trial({"f": grow}, {"f": grow}).function()
    total, cache = subject.candidate(torch.ones(2), keep=(1,))
    total, cache = subject.candidate(torch.ones(2), cache, keep=(1,))
    assert total.tolist() == [2, 2]


def test_own_state_may_be_changed_and_inputs_may_not() -> None:
    def step(x: torch.Tensor, cache: torch.Tensor | None = None) -> tuple[torch.Tensor, ...]:
        cache = torch.zeros(3) if cache is None else cache.add_(x)
        return x + cache, cache

    def overwrite(x: torch.Tensor) -> torch.Tensor:
        return x.add_(1)

    host, x = LocalSide({"step": step, "overwrite": overwrite}), torch.ones(3)
    cache = host.call(Target(name="step"), [x], keep=[1]).outputs[1]
    assert host.call(Target(name="step"), [x, cache], keep=[1]).modified is None
    assert host.vjp(Target(name="step"), [x, cache], []).reply.modified is None
    assert host.call(Target(name="overwrite"), [x]).modified == 0


def test_iterables_are_read_once() -> None:
    def twice(blocks: Iterator[torch.Tensor]) -> torch.Tensor:
        return torch.cat([*blocks, *blocks]).sum()

    def single(blocks: Iterator[torch.Tensor]) -> torch.Tensor:
        return sum((block.sum() for block in blocks), torch.zeros((), dtype=torch.float64))

    pair = trial({"f": twice}, {"f": single})
    pair.function().compare(once([pair.randn(2), pair.randn(3)]), dtypes=(torch.float64,))


def test_items_of_a_batch_must_not_mix() -> None:
    pair = trial({"f": lambda x: x - x.mean()}, {"f": lambda x: x})
    with pytest.raises(Failure, match="item 0"):
        pair.function().batch_independent(pair.randn(3, 2))


def test_forbidden_calls_are_seen_under_any_name() -> None:
    sneaky = [
        lambda x: torch.softmax(x, -1),
        lambda x: x.softmax(-1),
        lambda x: nn.functional.softmax(x, -1),
        lambda x: nn.Softmax(-1)(x),
        lambda x: getattr(torch, "soft" + "max")(x, -1),
        lambda x: torch.special.softmax(x, -1),
        lambda x: torch.ops.aten.softmax.int(x, -1),
    ]
    for function in sneaky:
        host = ReferenceSide({"f": function}, __file__, ("softmax",))
        with pytest.raises(SubmissionError) as error:
            Trial(host, host, "f", 0).function().candidate(torch.ones(2, 2))
        assert error.value.cause == "forbidden"


def test_an_own_function_of_a_forbidden_name_is_no_offence() -> None:
    def softmax(x: torch.Tensor) -> torch.Tensor:
        return x.exp() / x.exp().sum(-1, keepdim=True)

    host = ReferenceSide({"f": softmax}, __file__, ("softmax",))
    assert Trial(host, host, "f", 0).function().candidate(torch.ones(2, 2)).sum() == 2


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_is_the_kernels_figure() -> None:
    def greedy(x: torch.Tensor) -> torch.Tensor:
        return (x[:, None] * x[None]).sum()

    pair = trial({"f": greedy}, {"f": greedy})
    with pytest.raises(Failure, match="MiB"):
        pair.function().memory_below(32 << 20, pair.randn(4096).float())
    pair.function().memory_below(32 << 20, pair.randn(16).float())


@given(st.integers(0, 2**31 - 1))
def test_draws_follow_from_the_seed(seed: int) -> None:
    def draw(name: str, more: int = 0) -> list[float]:
        host = ReferenceSide({})
        values = Trial(host, host, "f", seed + more, name).randn(4)
        return values.tolist()  # type: ignore[no-any-return]

    assert draw("a") == draw("a") != draw("b")
    assert draw("a") != draw("a", 1)
    values = torch.tensor(draw("a"), dtype=torch.float64)
    assert torch.equal(values, values.float().double())


@given(st.integers(2, 6), st.integers(0, 100))
def test_masks_leave_something_and_take_something(keys: int, seed: int) -> None:
    host = ReferenceSide({})
    mask = Trial(host, host, "f", seed).mask(3, 4, keys)
    assert mask.any(-1).all()
    assert not mask.all(-1).any()


def test_docstrings_have_two_languages() -> None:
    doc = "One.\n    More.\n\n    一。\n    二。\n    "
    assert bilingual(doc) == {"en": "One. More.", "zh": "一。二。"}


CHECKS = '''
ENTRY = "f"

def check_sum(trial):
    """Sums.

    求和。
    """
    trial.function().compare(trial.randn(2, 3))

def check_unpacks(trial):
    """Takes the answer apart.

    拆开结果。
    """
    first, second = trial.function().candidate(trial.randn(2, 3))
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "wrong").mkdir()
    (tmp_path / "checks.py").write_text(CHECKS, encoding="utf-8")
    (tmp_path / "solution.py").write_text("def f(x): return x.sum(-1)", encoding="utf-8")
    variant = '"""It sums over the rows.\n\n按行求和。\n"""\ndef f(x): return x.sum(-2)'
    (tmp_path / "wrong" / "rows.py").write_text(variant, encoding="utf-8")
    return tmp_path


def test_a_check_that_trips_over_the_answer_fails_with_words(folder: Path) -> None:
    answer = folder / "answer.py"
    answer.write_text("def f(x): return x.sum()", encoding="utf-8")
    outcome = check_file(folder, answer)
    assert "does not have the form" in outcome.results[1].message["en"]


EXTRA = '''
SAME_AS = "sums"
MEMORY_MIB = 7

def check_mean(trial):
    """Averages.

    求平均。
    """
    trial.function().compare(trial.randn(1, 1))

def check_sum(trial):
    """Sums one row.

    求一行的和。
    """
    trial.function().compare(trial.randn(1, 3))
'''


@pytest.fixture
def siblings(folder: Path) -> Path:
    """A folder of problems: `sums`, and `fix-sums`, which names it as its sibling."""
    for name, checks in (("sums", 'SECONDS = 3\nFORBID = ("cumsum",)' + CHECKS), ("fix-sums", "")):
        (folder / name).mkdir()
        (folder / name / "checks.py").write_text(checks or 'SAME_AS = "sums"', encoding="utf-8")
        (folder / name / "solution.py").write_text("def f(x): return x.sum(-1)", encoding="utf-8")
    return folder


def test_a_bug_hunt_is_judged_by_the_checks_of_its_sibling(siblings: Path) -> None:
    hunt, sibling = Problem.load(siblings / "fix-sums"), Problem.load(siblings / "sums")
    assert [*hunt.checks] == [*sibling.checks] == ["check_sum", "check_unpacks"]
    assert (hunt.slug, hunt.folder.name) == ("fix-sums", "fix-sums")
    for name in ("entry", "forbid", "seconds", "memory_mib"):
        assert getattr(hunt, name) == getattr(sibling, name)
    answer = siblings / "answer.py"
    answer.write_text("def f(x): return x.sum(0)", encoding="utf-8")
    assert not check_file(siblings / "fix-sums", answer).results[0].passed


def test_a_bug_hunt_adds_checks_and_limits_of_its_own(siblings: Path) -> None:
    (siblings / "fix-sums" / "checks.py").write_text(EXTRA, encoding="utf-8")
    hunt = Problem.load(siblings / "fix-sums")
    assert [*hunt.checks] == ["check_sum", "check_unpacks", "check_mean"]
    assert (hunt.entry, hunt.seconds, hunt.memory_mib) == ("f", 3, 7)
    assert bilingual(hunt.checks["check_sum"].__doc__)["en"] == "Sums one row."


def test_a_change_to_the_sibling_is_a_change_to_the_bug_hunt(siblings: Path) -> None:
    hunt, shared = Problem.load(siblings / "fix-sums"), siblings / "sums" / "checks.py"
    later = hunt.changed + 60
    os.utime(shared, (later, later))
    assert hunt.changed == later


def test_a_sibling_that_is_not_there_is_named(siblings: Path) -> None:
    (siblings / "fix-sums" / "checks.py").write_text('SAME_AS = "absent"', encoding="utf-8")
    with pytest.raises(FileNotFoundError, match="absent"):
        Problem.load(siblings / "fix-sums")


@pytest.mark.parametrize(
    ("body", "diagnosed"),
    [
        ("x.sum(0)", True),
        ("x.T.sum(-1)", True),
        ("x.sum(0) + 1e-3", False),
        ("x.mean(0)", False),
    ],
)
def test_a_diagnosis_needs_the_same_answers(folder: Path, body: str, diagnosed: bool) -> None:
    answer = folder / "answer.py"
    answer.write_text(f"def f(x): return {body}", encoding="utf-8")
    problem = Problem.load(folder)
    side = LocalSide(
        {"f": eval(f"lambda x: {body}")},  # the same code, as the sandbox would run it
        str(answer),
    )
    outcome = run_checks(problem, side, seed=3)
    assert outcome.failed
    found = diagnose(problem, outcome, seed=3)
    assert (found is not None) == diagnosed


def test_tolerance_follows_from_the_arithmetic() -> None:
    ones = torch.ones(3, dtype=torch.float64)
    assert compare.tolerance(torch.float64, ones) == 1e-9
    assert compare.tolerance(torch.float64, 10 * ones) == pytest.approx(1e-8)
    assert compare.tolerance(torch.float32, ones) < 1e-3
    assert compare.tolerance(torch.float32, ones, logits=1e4) < 0.1


def test_complex_numbers_are_no_answer_even_beside_complex_ones() -> None:
    values = torch.tensor([1 + 1j])
    with pytest.raises(Failure, match="complex64"):
        compare.equal(values, values)


def test_answers_beyond_any_honest_size_are_not_kept() -> None:
    record = Record()
    record.keep((torch.zeros(2), "text"))
    assert record.whole
    record.keep((torch.zeros(RECORD_LIMIT // 4), [torch.zeros(2)]))
    assert (record.whole, record.answers) == (False, [])
