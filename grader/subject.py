"""A submission and the reference side by side: called with the same inputs, and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor

from grader import compare as comparing
from grader.compare import Failure, words
from grader.host import (
    Gradients,
    Made,
    Reply,
    Setup,
    Shapes,
    SubmissionError,
    Target,
    flatten,
    floating,
    shapes_of,
)
from grader.local import copied
from grader.wire import Once, Ticket

if TYPE_CHECKING:
    from grader.kit import Trial

DOUBLE = torch.float64


class Side(Protocol):
    """The submission in its sandbox or a module in this process: the same calls on both."""

    def has(self, name: str) -> bool: ...
    def construct(self, entry: str, args: Sequence[Any], options: dict[str, Any]) -> Ticket: ...
    def layer(self, setup: Setup) -> Made: ...
    def load_state(self, ticket: Ticket, weights: dict[str, Tensor]) -> None: ...
    def begin_call(
        self, target: Target, inputs: Sequence[Any], keep: Sequence[int], setup: Setup | None
    ) -> Callable[[], Reply]: ...
    def begin_vjp(
        self,
        target: Target,
        inputs: Sequence[Any],
        cotangents: Sequence[Tensor],
        setup: Setup | None,
    ) -> Callable[[], Gradients]: ...
    def peak_growth(self, run: Callable[[], Any]) -> int: ...


@dataclass
class Shown:
    """What `Subject.show` noted for the page: one worked example."""

    arguments: str
    inputs: dict[str, Any]
    outputs: Any = None
    expected: Any = None
    error: SubmissionError | Failure | None = None


@dataclass
class Subject:
    """The submission and the reference, ready to be called with the same inputs."""

    trial: Trial
    theirs: Target
    mine: Target
    weights: dict[str, Tensor] | None = None
    call: str = ""
    dtype: torch.dtype = DOUBLE
    plan: Setup | None = None  # of a layer that the submission's side has not made yet

    def to(self, dtype: torch.dtype) -> Subject:
        """Converts the submission's layer; the reference's stays in float64."""
        if self.plan is None and self.theirs.ticket is not None and self.weights is not None:
            self.trial.candidate.load_state(self.theirs.ticket, cast_all(self.weights, dtype))
        self.dtype = dtype
        return self

    def make(self) -> None:
        """Makes the layer on the submission's side; without this its first call does."""
        if self.plan is not None:
            weights = cast_all(self.plan.weights, self.dtype)
            self._adopt(self.trial.candidate.layer(replace(self.plan, weights=weights)))

    def _adopt(self, made: Made | None) -> None:
        """Takes over a new layer, if its parameters are those of the contract."""
        if made is None or self.plan is None:
            return
        shapes, entry = made.shapes, self.plan.entry or ""
        self.trial.record(None if shapes is None else tuple(sorted(shapes.items())))
        _same_parameters(shapes, self.plan.weights, entry)
        self.theirs, self.plan = Target(made.ticket), None

    def _setup(self, inputs: Sequence[Any]) -> Setup | None:
        """What the submission's layer needs before a call with these inputs."""
        leaves = flatten(list(inputs))
        dtype = next((leaf.dtype for leaf in leaves if floating(leaf)), self.dtype)
        if self.weights is None or (self.plan is None and dtype == self.dtype):
            return None
        self.dtype = dtype
        weights = cast_all(self.weights, dtype)
        return replace(self.plan, weights=weights) if self.plan else Setup(weights)

    def method(self, name: str) -> Subject:
        self.make()
        return Subject(
            self.trial,
            Target(self.theirs.ticket, name),
            Target(self.mine.ticket, name),
            call=self.call,
        )

    def candidate(self, *inputs: Any, keep: Sequence[int] = ()) -> Any:
        """The submission's outputs; outputs numbered in `keep` stay there, as tickets."""
        return self.begin(inputs, keep)().outputs

    def reference(self, *inputs: Any, keep: Sequence[int] = ()) -> Any:
        """The reference's outputs, in the inputs' dtype for functions, float64 for layers."""
        copies = [copied(value) for value in inputs]
        return self.trial.reference.call(self.mine, copies, keep).outputs

    def arguments(self, count: int) -> list[str]:
        """The names of the first `count` arguments, as the statement has them."""
        known = self.trial.reference.parameters(self.mine)[:count]
        return known + [f"input {index + 1}" for index in range(len(known), count)]

    def begin(self, inputs: Sequence[Any], keep: Sequence[int] = ()) -> Callable[[], Reply]:
        """Calls the submission; what is returned waits for its reply."""
        setup = self._setup(inputs)
        finish = self.trial.candidate.begin_call(self.theirs, inputs, keep, setup)

        def reply() -> Reply:
            given = finish()
            self._adopt(given.made)
            self.trial.record(given.outputs)
            return given

        return reply

    def begin_pulling(
        self, inputs: Sequence[Any], cotangents: Sequence[Tensor]
    ) -> Callable[[], Gradients]:
        """The same with gradients, for one cotangent per floating output."""
        setup = self._setup(inputs)
        finish = self.trial.candidate.begin_vjp(self.theirs, inputs, cotangents, setup)

        def pulled() -> Gradients:
            given = finish()
            self._adopt(given.reply.made)
            self.trial.record(given.reply.outputs)
            self.trial.record((given.inputs, tuple(given.parameters.values())))
            return given

        return pulled

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

    def _finite_differences(self, inputs: Sequence[Any], expected: Any) -> None:
        """The gradient along one random direction against a central difference of the forward."""
        given, cotangents = cast(inputs, DOUBLE), random_cotangents(self.trial, expected)
        pulled = self.begin_pulling(given, cotangents)()
        step = 1e-5
        direction = [self.trial.randn(*leaf.shape) if floating(leaf) else None for leaf in given]
        sums = []
        for sign in (1, -1):
            moved = [
                value if move is None else value + sign * step * move
                for value, move in zip(given, direction, strict=True)
            ]
            outputs = [leaf for leaf in flatten(self.begin(moved)().outputs) if floating(leaf)]
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
        given = cast(inputs, DOUBLE)
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

    def memory_below(self, limit: int, *inputs: Any) -> None:
        """Fails if a call makes the submission's process grow by more than `limit` bytes at its
        peak, by the kernel's account, or does not give the reference's answer (in float32)."""
        self.make()
        found: list[Any] = []
        call = partial(self.candidate, *inputs)
        grown = self.trial.candidate.peak_growth(lambda: found.append(call()))
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
        expected = self.reference(*inputs)
        for outputs in found:
            for name, got, wanted in comparing.structure(outputs, expected, _names(expected)):
                _leaf_equal(name, got, wanted, torch.float32, None, 1.0)

    def show(self, **inputs: Any) -> None:
        """A worked example: both sides on these inputs (float32), noted for the page.

        An output that is no tensor is an object of the answer's own design: it is not shown.
        """
        given = cast(list(inputs.values()), torch.float32)
        shown = Shown(self.call, dict(zip(inputs, given, strict=True)))
        self.trial.shown.append(shown)
        expected = self.reference(*(cast(given, DOUBLE) if self.weights else given))
        expected = _single(expected) if self.weights else expected
        shown.expected = _tensors_of(expected, expected)
        try:
            outputs = self.candidate(*given)
            shown.outputs = (None,) if outputs is None else _tensors_of(outputs, expected)
        except (SubmissionError, Failure) as error:
            shown.error = error

    def _add_context(self, failure: Failure, inputs: Sequence[Any]) -> None:
        if self.call:
            failure.detail.setdefault("call", self.call)
        tensors = [leaf for leaf in flatten(list(inputs)) if isinstance(leaf, Tensor)]
        if sum(leaf.numel() for leaf in tensors) <= comparing.SMALL:
            named = dict(zip(self.arguments(len(inputs)), inputs, strict=True))
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
        outputs = self._gradients(cast(self.inputs, DOUBLE)) if gradients else None
        pulled = outputs is not None
        for dtype in dtypes:
            if dtype != DOUBLE or not pulled:
                outputs = self._forward(dtype)
        return outputs

    def _forward(self, dtype: torch.dtype) -> Any:
        """Both sides at the same time; the reference only once."""
        theirs = self.subject.begin(cast(self.inputs, dtype))
        if self.expected is None:
            self.expected = self.subject.reference(*cast(self.inputs, DOUBLE))
        return self._values(theirs(), dtype)

    def _gradients(self, given: list[Any]) -> Any:
        """Values and gradients; None where nothing can be pulled back."""
        trial, begun = self.subject.trial, []

        def draw(outputs: Any) -> Sequence[Tensor]:
            """The cotangents, once the outputs are known; the submission starts on them too."""
            drawn = random_cotangents(trial, outputs)
            if drawn:
                begun.append(self.subject.begin_pulling(given, drawn))
            return drawn

        wanted = trial.reference.vjp(self.subject.mine, given, draw)
        self.expected = wanted.reply.outputs
        if not begun:
            return None
        got = begun[0]()
        outputs = self._values(got.reply, DOUBLE)
        self._pulled(got, wanted)
        return outputs

    def _values(self, reply: Reply, dtype: torch.dtype) -> Any:
        what = self.names or _names(self.expected)
        for name, actual, wanted in comparing.structure(reply.outputs, self.expected, what):
            _leaf_equal(name, actual, wanted, dtype, self.tolerance, self.logits)
        if reply.modified is not None:
            raise _modified(self.subject.arguments(len(self.inputs))[reply.modified])
        return reply.outputs

    def _leaves(self) -> list[str]:
        """A name for each floating tensor among the inputs."""
        found = []
        for name, value in zip(self.subject.arguments(len(self.inputs)), self.inputs, strict=True):
            leaves = [leaf for leaf in flatten([value]) if floating(leaf)]
            single = isinstance(value, Tensor)
            found += [name if single else f"{name}[{index}]" for index in range(len(leaves))]
        return found

    def _pulled(self, got: Gradients, wanted: Gradients) -> None:
        if got.error:
            raise Failure(
                words(
                    f"The output cannot be differentiated: {got.error}.",
                    f"无法对输出求导：{got.error}。",
                ),
                what="gradient",
            )
        labels = self._leaves()
        pairs = [*zip(labels, got.inputs, wanted.inputs, strict=True)]
        for name, grad in wanted.parameters.items():
            pairs.append((name, got.parameters.get(name), grad))
        for name, actual, right in pairs:
            _gradient_equal(name, actual, right, self.logits)


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
                f"{comparing.label(name)['zh']}：应为{comparing.kind(wanted, True)}，"
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
                f"{comparing.label(name)['zh']} 没有收到梯度：是否被 detach，或根本没有用到？",
            ),
            what=f"gradient of {name}",
        )
    what = (f"gradient of {name}", f"{comparing.label(name)['zh']} 的梯度")
    # Large scores leave weights of 0 and 1, whose gradient is what remains of terms that cancel.
    coarse = 1e-5 * max(1.0, right.abs().max().item()) if logits > 1 and right.numel() else None
    comparing.equal(actual, right, what, atol=coarse)


def _modified(name: str) -> Failure:
    return Failure(
        words(f"The call modified its argument {name}.", f"调用修改了参数 {name}。"),
        what="input modified",
    )


def cast(inputs: Sequence[Any], dtype: torch.dtype) -> list[Any]:
    def one(value: Any) -> Any:
        if isinstance(value, Once):
            return Once([one(item) for item in value.items])
        return value.to(dtype) if floating(value) else value

    return [one(value) for value in inputs]


def cast_all(weights: dict[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    return {name: weight.to(dtype) for name, weight in weights.items()}


def _names(expected: Any) -> list[str]:
    count = len(expected) if isinstance(expected, tuple) else 1
    return ["output"] if count == 1 else [f"output {index + 1}" for index in range(count)]


def _single(outputs: Any) -> Any:
    """The reference's float64 in the dtype that the submission was asked in."""
    found = cast(outputs if isinstance(outputs, tuple) else (outputs,), torch.float32)
    return tuple(found) if isinstance(outputs, tuple) else found[0]


def _tensors_of(outputs: Any, expected: Any) -> Any:
    """The outputs where tensors are expected; Failure if others are, and their number is wrong."""
    if not isinstance(expected, tuple) or all(isinstance(item, Tensor) for item in expected):
        return outputs
    pairs = comparing.structure(outputs, expected, _names(expected))
    return tuple(output for _, output, wanted in pairs if isinstance(wanted, Tensor))


def _listed(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.tolist()
    return [item.tolist() for item in value.items] if isinstance(value, Once) else value


def _same_parameters(got: Shapes | None, weights: dict[str, Tensor], entry: str) -> None:
    if got is None:
        raise Failure(words(f"{entry} is not an nn.Module.", f"{entry} 不是 nn.Module。"))
    wanted = shapes_of(weights)
    missing = sorted(wanted.keys() - got.keys())
    extra = sorted(got.keys() - wanted.keys())
    wrong = sorted(name for name in wanted.keys() & got.keys() if wanted[name] != got[name])
    if missing or extra:
        raise Failure(
            words(
                "The parameters differ from the contract: "
                f"missing {_some(missing) or 'none'}; unexpected {_some(extra) or 'none'}.",
                f"参数与约定不符：缺少 {_some(missing) or '无'}；多出 {_some(extra) or '无'}。",
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


def _some(names: list[str]) -> str:
    """The first names of parameters, which may be many and long."""
    return ", ".join([name[:80] for name in names[:10]] + ["…"] * (len(names) > 10))
