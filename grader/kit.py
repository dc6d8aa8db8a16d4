"""The check kit: what `solutions/*/checks.py` is written with.

A check is a function of one `Trial`. The trial draws random inputs from the submission's seed and
pairs the submission with the reference; a `Subject` is such a pair. The judge runs the checks in
its own process, so that nothing a submission does can reach them.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from grader import compare as comparing
from grader.compare import Failure, words
from grader.host import Cotangents, Gradients, Reply, SubmissionError, Target, flatten, floating
from grader.wire import Once, Ticket

__all__ = ["Failure", "Subject", "Trial", "once"]

DOUBLE = torch.float64


class Side(Protocol):
    """The submission in its sandbox or a module in this process: the same calls on both."""

    def has(self, name: str) -> bool: ...
    def construct(self, entry: str, args: Sequence[Any], options: dict[str, Any]) -> Ticket: ...
    def parameters(self, ticket: Ticket) -> dict[str, tuple[int, ...]] | None: ...
    def load_state(
        self, ticket: Ticket, weights: dict[str, Tensor], dtype: torch.dtype
    ) -> None: ...
    def call(self, target: Target, inputs: Sequence[Any], keep: Sequence[int] = ()) -> Reply: ...
    def vjp(self, target: Target, inputs: Sequence[Any], cotangents: Cotangents) -> Gradients: ...
    def peak_growth(self, run: Callable[[], Any]) -> int: ...


def once(items: Sequence[Tensor]) -> Once:
    """An iterable over tensors that the submission can read only once."""
    return Once(list(items))


@dataclass
class Shown:
    """What `Subject.show` noted for the page: one worked example."""

    arguments: str
    inputs: dict[str, Any]
    outputs: Any = None
    expected: Any = None
    error: SubmissionError | None = None


@dataclass
class Trial:
    """One check's dealings with one submission; every draw follows from `seed` and `name`."""

    candidate: Side
    reference: Side
    entry: str
    seed: int
    name: str = ""
    shown: list[Shown] = field(default_factory=list)
    record: Callable[[Any], None] = lambda _: None

    def __post_init__(self) -> None:
        # torch's generator takes 32 bits and ignores the rest, so seed and name are mixed first.
        mixed = zlib.crc32(f"{self.seed} {self.name}".encode())
        self.generator = torch.Generator().manual_seed(mixed)

    # Draws: float64 tensors whose values float32 can hold, so that both dtypes see the same input.

    def randn(self, *shape: int, scale: float = 1.0) -> Tensor:
        values = torch.randn(shape, generator=self.generator, dtype=DOUBLE) * scale
        return values.float().double()

    def rand(self, *shape: int) -> Tensor:
        return torch.rand(shape, generator=self.generator, dtype=torch.float32).double()

    def randint(self, low: int, high: int, shape: Sequence[int]) -> Tensor:
        """int64 in [low, high)."""
        return torch.randint(low, high, tuple(shape), generator=self.generator)

    def integer(self, low: int, high: int) -> int:
        """One integer in [low, high)."""
        return int(self.randint(low, high, ()).item())

    def permutation(self, count: int) -> Tensor:
        return torch.randperm(count, generator=self.generator)

    def mask(self, *shape: int, p: float = 0.6) -> Tensor:
        """A boolean mask, True with probability `p`, with at least one True and, from two keys
        on, one False in every row."""
        chances = self.rand(*shape)
        allowed = chances < p
        allowed.scatter_(-1, chances.argmin(-1, keepdim=True), True)
        if shape[-1] > 1:
            allowed.scatter_(-1, chances.argmax(-1, keepdim=True), False)
        return allowed

    def sizes(self, *choices: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        yield from choices

    # Subjects

    def function(self, name: str | None = None) -> Subject:
        target = Target(name=name or self.entry)
        return Subject(self, target, target)

    def new(self, *args: Any, **options: Any) -> Subject:
        """An object of the class under test, without weights."""
        mine = self.reference.construct(self.entry, args, options)
        theirs = self.construct(*args, **options)
        return Subject(self, Target(theirs), Target(mine), call=_call_text(args, options))

    def layer(
        self, *args: Any, weights: dict[str, Tensor] | None = None, **options: Any
    ) -> Subject:
        """A layer of the class under test with the judge's own weights, loaded by name."""
        mine = self.reference.construct(self.entry, args, options)
        theirs = self.construct(*args, **options)
        shapes = self.reference.parameters(mine) or {}
        got = self.candidate.parameters(theirs)
        self.record(None if got is None else tuple(sorted(got.items())))
        _same_parameters(got, shapes, self.entry)
        drawn = {name: self._weight(name, shape) for name, shape in shapes.items()}
        subject = Subject(
            self, Target(theirs), Target(mine), drawn | (weights or {}), _call_text(args, options)
        )
        self.reference.load_state(mine, subject.weights or {}, DOUBLE)
        return subject.to(DOUBLE)

    def construct(self, *args: Any, **options: Any) -> Ticket:
        """Constructs the class under test on the submission's side only."""
        return self.candidate.construct(self.entry, args, options)

    def _weight(self, name: str, shape: tuple[int, ...]) -> Tensor:
        if len(shape) < 2:
            drawn = self.randn(*shape, scale=0.5)
            return drawn + 1 if "norm" in name and name.endswith("weight") else drawn
        return self.randn(*shape, scale=shape[-1] ** -0.5)

    # Verdicts

    def equal(
        self,
        actual: Any,
        expected: Tensor,
        what: str = "output",
        tolerance: float | None = None,
        logits: float = 1.0,
    ) -> None:
        """Fails unless `actual` equals `expected` (shape, dtype, values within rounding)."""
        comparing.equal(actual, expected, what, atol=tolerance, logits=logits)

    def raises(self, error: type[Exception], run: Any, *args: Any) -> None:
        """Fails unless the submission raises `error` (or a subclass) when `run` is called."""
        call = run.candidate if isinstance(run, Subject) else run
        try:
            call(*args)
        except SubmissionError as problem:
            self.record(problem.kinds[0])
            if error.__name__ in problem.kinds:
                return
            wanted = error.__name__
            raise Failure(
                words(
                    f"Expected {wanted} for {_inputs_text(args)}, but the code raised {problem}.",
                    f"输入 {_inputs_text(args)} 时应抛出 {wanted}，实际抛出 {problem}。",
                ),
                what="raised",
                line=problem.line,
            ) from None
        self.record("no error")
        raise Failure(
            words(
                f"Expected {error.__name__} for {_inputs_text(args)}, but nothing was raised.",
                f"输入 {_inputs_text(args)} 时应抛出 {error.__name__}，实际没有抛出异常。",
            ),
            what="not raised",
        )

    def fail(self, en: str, zh: str, **detail: Any) -> None:
        raise Failure(words(en, zh), **detail)


@dataclass
class Subject:
    """The submission and the reference, ready to be called with the same inputs."""

    trial: Trial
    theirs: Target
    mine: Target
    weights: dict[str, Tensor] | None = None
    call: str = ""
    dtype: torch.dtype = DOUBLE

    def to(self, dtype: torch.dtype) -> Subject:
        """Converts the submission's layer; the reference's stays in float64."""
        if self.weights is not None and self.theirs.ticket is not None:
            self.trial.candidate.load_state(self.theirs.ticket, self.weights, dtype)
            self.dtype = dtype
        return self

    def method(self, name: str) -> Subject:
        return Subject(
            self.trial,
            Target(self.theirs.ticket, name),
            Target(self.mine.ticket, name),
            call=self.call,
        )

    def candidate(self, *inputs: Any, keep: Sequence[int] = ()) -> Any:
        """The submission's outputs; outputs numbered in `keep` stay there, as tickets."""
        return self._theirs(inputs, keep).outputs

    def reference(self, *inputs: Any, keep: Sequence[int] = ()) -> Any:
        """The reference's outputs, in the inputs' dtype for functions, float64 for layers."""
        copies = [_copy(value) for value in inputs]
        return self.trial.reference.call(self.mine, copies, keep).outputs

    def _theirs(self, inputs: Sequence[Any], keep: Sequence[int] = ()) -> Reply:
        self._match_dtype(inputs)
        reply = self.trial.candidate.call(self.theirs, [_copy(value) for value in inputs], keep)
        self.trial.record(reply.outputs)
        return reply

    def _match_dtype(self, inputs: Sequence[Any]) -> None:
        dtype = next((leaf.dtype for leaf in flatten(list(inputs)) if floating(leaf)), self.dtype)
        if dtype != self.dtype:
            self.to(dtype)

    def compare(
        self,
        *inputs: Any,
        gradients: bool = True,
        dtypes: Sequence[torch.dtype] = (torch.float64, torch.float32),
        names: Sequence[str] | None = None,
        tolerance: float | None = None,
        logits: float = 1.0,
        finite_differences: bool = False,
    ) -> Any:
        """Holds the submission's values (and gradients) against the reference's on these inputs.

        Values in every one of `dtypes`, the reference always in float64; inputs left untouched;
        gradients of every floating input and parameter in float64, for random cotangents. `logits`
        is the size of the scores where it is large, `tolerance` an absolute one in place of the
        derived. Returns the submission's outputs in the last dtype.
        """
        judged = Comparison(self, inputs, names, tolerance, logits)
        try:
            outputs = judged.run(dtypes, gradients)
            if finite_differences:
                self._finite_differences(inputs, judged.expected)
        except Failure as failure:
            self._add_context(failure, inputs)
            raise
        return outputs

    def _theirs_pulled(self, inputs: Sequence[Any], cotangents: Sequence[Tensor]) -> Gradients:
        self._match_dtype(inputs)
        pulled = self.trial.candidate.vjp(self.theirs, inputs, cotangents)
        self.trial.record(pulled.reply.outputs)
        self.trial.record((pulled.inputs, tuple(pulled.parameters.values())))
        return pulled

    def _finite_differences(self, inputs: Sequence[Any], expected: Any) -> None:
        """The gradient along one random direction against a central difference of the forward."""
        given, cotangents = _cast(inputs, DOUBLE), random_cotangents(self.trial, expected)
        pulled = self._theirs_pulled(given, cotangents)
        step = 1e-5
        direction = [self.trial.randn(*leaf.shape) if floating(leaf) else None for leaf in given]
        sums = []
        for sign in (1, -1):
            moved = [
                value if move is None else value + sign * step * move
                for value, move in zip(given, direction, strict=True)
            ]
            outputs = [leaf for leaf in flatten(self._theirs(moved).outputs) if floating(leaf)]
            pairs = zip(outputs, cotangents, strict=True)
            sums.append(sum((out * cotangent).nansum().item() for out, cotangent in pairs))
        measured = torch.tensor((sums[0] - sums[1]) / (2 * step), dtype=DOUBLE)
        moves = [move for move in direction if move is not None]
        parts = [
            (grad * move).sum()
            for grad, move in zip(pulled.inputs, moves, strict=True)
            if grad is not None
        ]
        claimed = torch.stack(parts).sum() if parts else torch.zeros((), dtype=DOUBLE)
        limit = 1e-5 * max(1.0, abs(measured.item()))
        comparing.equal(claimed, measured, "gradient along a direction", atol=limit)

    def batch_independent(self, *inputs: Any) -> None:
        """Item i of the batch gives the same alone as in company."""
        given = _cast(inputs, DOUBLE)
        together = self.candidate(*given)
        size = next(leaf.shape[0] for leaf in given if isinstance(leaf, Tensor))
        for index in range(size):
            single = [
                value[index : index + 1]
                if isinstance(value, Tensor) and value.dim() and value.shape[0] == size
                else value
                for value in given
            ]
            alone = self.candidate(*single)
            for name, whole, part in comparing.structure(together, alone, _names(alone)):
                comparing.equal(whole[index : index + 1], part, f"{name} of item {index}")

    def peak_memory(self, *inputs: Any) -> int:
        """Bytes by which the submission's process grew at its peak, by the kernel's account."""
        return self.trial.candidate.peak_growth(lambda: self.candidate(*inputs))

    def memory_below(self, limit: int, *inputs: Any) -> None:
        """Fails if a call makes the submission's process grow by more than `limit` bytes."""
        grown = self.peak_memory(*inputs)
        if grown > limit:
            raise Failure(
                words(
                    f"The call grew the process by {grown >> 20} MiB at its peak; linear memory "
                    f"stays below {limit >> 20} MiB here. Is a full length × length matrix built?",
                    f"本次调用使进程内存峰值增长 {grown >> 20} MiB；线性内存的实现应低于 "
                    f"{limit >> 20} MiB。是否构造了完整的 长度 × 长度 矩阵？",
                ),
                what="memory",
                got=grown,
                expected=limit,
            )

    def show(self, **inputs: Any) -> None:
        """A worked example: both sides on these inputs (float32), noted for the page."""
        given = _cast(list(inputs.values()), torch.float32)
        shown = Shown(self.call, dict(zip(inputs, given, strict=True)))
        self.trial.shown.append(shown)
        shown.expected = self.reference(*(_cast(given, DOUBLE) if self.weights else given))
        try:
            shown.outputs = self.candidate(*given)
        except SubmissionError as error:
            shown.error = error

    def _add_context(self, failure: Failure, inputs: Sequence[Any]) -> None:
        if self.call:
            failure.detail.setdefault("call", self.call)
        tensors = [leaf for leaf in flatten(list(inputs)) if isinstance(leaf, Tensor)]
        if sum(leaf.numel() for leaf in tensors) <= comparing.SMALL:
            named = {f"input {index + 1}": value for index, value in enumerate(inputs)}
            failure.detail.setdefault("inputs", {k: _listed(v) for k, v in named.items()})


@dataclass
class Comparison:
    """One `Subject.compare`: the reference's answer, and the submission's held against it."""

    subject: Subject
    inputs: Sequence[Any]
    names: Sequence[str] | None
    tolerance: float | None
    logits: float
    expected: Any = None

    def run(self, dtypes: Sequence[torch.dtype], gradients: bool) -> Any:
        """The submission's outputs in the last dtype; Failure where it differs.

        Values and gradients in float64 come from one call; conversions of the layer are few.
        """
        given = _cast(self.inputs, DOUBLE)
        pulled = self._reference(given, gradients)
        outputs = None
        if pulled is not None:
            outputs = self._gradients(given, *pulled)
        for dtype in dtypes:
            if dtype != DOUBLE or pulled is None:
                reply = self.subject._theirs(_cast(self.inputs, dtype))
                outputs = self._values(reply, dtype)
        return outputs

    def _reference(self, given: list[Any], gradients: bool) -> tuple[Gradients, Any] | None:
        """The expected values; with gradients also those, and the cotangents they are for."""
        trial, drawn = self.subject.trial, []
        if not gradients:
            self.expected = self.subject.reference(*given)
            return None

        def draw(outputs: Any) -> Sequence[Tensor]:
            drawn.extend(random_cotangents(trial, outputs))
            return drawn

        wanted = trial.reference.vjp(self.subject.mine, given, draw)
        self.expected = wanted.reply.outputs
        return (wanted, drawn) if drawn else None

    def _values(self, reply: Reply, dtype: torch.dtype) -> Any:
        what = self.names or _names(self.expected)
        for name, actual, wanted in comparing.structure(reply.outputs, self.expected, what):
            _leaf_equal(name, actual, wanted, dtype, self.tolerance, self.logits)
        _untouched(_cast(self.inputs, dtype), reply.inputs)
        return reply.outputs

    def _gradients(self, given: list[Any], wanted: Gradients, cotangents: list[Tensor]) -> Any:
        got = self.subject._theirs_pulled(given, cotangents)
        outputs = self._values(got.reply, DOUBLE)
        if got.error:
            raise Failure(
                words(
                    f"The output cannot be differentiated: {got.error}.",
                    f"无法对输出求导：{got.error}。",
                ),
                what="gradient",
            )
        labels = [f"input {index + 1}" for index in range(len(wanted.inputs))]
        pairs = [*zip(labels, got.inputs, wanted.inputs, strict=True)]
        for name, grad in wanted.parameters.items():
            pairs.append((name, got.parameters.get(name), grad))
        for name, actual, right in pairs:
            _gradient_equal(name, actual, right, self.logits)
        return outputs


def random_cotangents(trial: Trial, expected: Any) -> list[Tensor]:
    """One per floating output; zero where the output is infinite, which has no derivative."""
    outputs = [leaf for leaf in flatten(expected) if floating(leaf)]
    drawn = [trial.randn(*leaf.shape) for leaf in outputs]
    return [
        draw if bool(leaf.isfinite().all()) else torch.where(leaf.isfinite(), draw, 0.0)
        for leaf, draw in zip(outputs, drawn, strict=True)
    ]


def _leaf_equal(
    name: str,
    actual: Any,
    wanted: Any,
    dtype: torch.dtype,
    tolerance: float | None,
    logits: float,
) -> None:
    if isinstance(wanted, Tensor):
        comparing.equal(actual, wanted, name, dtype=dtype, atol=tolerance, logits=logits)
    elif not isinstance(wanted, Ticket) and actual != wanted:
        raise Failure(
            words(
                f"{name}: expected {comparing.kind(wanted)}, got {comparing.kind(actual)}.",
                f"{name}：应为{comparing.kind(wanted, True)}，"
                f"实际为{comparing.kind(actual, True)}。",
            ),
            what=name,
        )


def _gradient_equal(name: str, actual: Tensor | None, right: Tensor | None, logits: float) -> None:
    if right is None or (actual is None and not right.any()):
        return
    if actual is None:
        raise Failure(
            words(
                f"No gradient reaches {name}: is something detached, or not used at all?",
                f"{_zh(name)} 没有收到梯度：是否有张量被 detach，或根本没有用到？",
            ),
            what=f"gradient of {name}",
        )
    comparing.equal(actual, right, f"gradient of {name}", logits=logits)


def _zh(name: str) -> str:
    return name.replace("input ", "输入 ")


def _untouched(given: Sequence[Any], after: Sequence[Any]) -> None:
    for index, (before, left) in enumerate(zip(given, after, strict=True)):
        if not isinstance(before, Tensor) or left is None:
            continue
        same = isinstance(left, Tensor) and left.shape == before.shape
        if not same or not torch.equal(torch.nan_to_num(left), torch.nan_to_num(before)):
            raise Failure(
                words(
                    f"Input {index + 1} was modified by the call.",
                    f"调用修改了第 {index + 1} 个输入。",
                ),
                what="input modified",
            )


def _same_parameters(
    got: dict[str, tuple[int, ...]] | None, wanted: dict[str, tuple[int, ...]], entry: str
) -> None:
    if got is None:
        raise Failure(words(f"{entry} is not an nn.Module.", f"{entry} 不是 nn.Module。"))
    missing = sorted(wanted.keys() - got.keys())
    extra = sorted(got.keys() - wanted.keys())
    wrong = sorted(name for name in wanted.keys() & got.keys() if wanted[name] != got[name])
    if missing or extra:
        raise Failure(
            words(
                "The parameters differ from the contract: "
                f"missing {', '.join(missing) or 'none'}; unexpected {', '.join(extra) or 'none'}.",
                f"参数与约定不符：缺少 {'、'.join(missing) or '无'}；"
                f"多出 {'、'.join(extra) or '无'}。",
            ),
            what="parameters",
        )
    if wrong:
        name = wrong[0]
        raise Failure(
            words(
                f"Parameter {name} has shape {got[name]}, expected {wanted[name]}.",
                f"参数 {name} 的形状为 {got[name]}，应为 {wanted[name]}。",
            ),
            what="parameters",
            shape_got=list(got[name]),
            shape_expected=list(wanted[name]),
        )


def _cast(inputs: Sequence[Any], dtype: torch.dtype) -> list[Any]:
    def cast(value: Any) -> Any:
        if isinstance(value, Once):
            return Once([cast(item) for item in value.items])
        return value.to(dtype) if floating(value) else value

    return [cast(value) for value in inputs]


def _copy(value: Any) -> Any:
    if isinstance(value, Once):
        return Once([item.clone() for item in value.items])
    return value.clone() if isinstance(value, Tensor) else value


def _names(expected: Any) -> list[str]:
    count = len(expected) if isinstance(expected, tuple) else 1
    return ["output"] if count == 1 else [f"output {index + 1}" for index in range(count)]


def _call_text(args: Sequence[Any], options: dict[str, Any]) -> str:
    return ", ".join([*map(repr, args), *(f"{key}={value!r}" for key, value in options.items())])


def _inputs_text(args: Sequence[Any]) -> str:
    parts = [f"tensor{tuple(a.shape)}" if isinstance(a, Tensor) else repr(a) for a in args]
    return f"({', '.join(parts)})"


def _listed(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.tolist()
    return [item.tolist() for item in value.items] if isinstance(value, Once) else value
