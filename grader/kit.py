"""The check kit: what `solutions/*/checks.py` is written with.

A check is a function of one `Trial`. The trial draws random inputs from the submission's seed and
pairs the submission with the reference; a `Subject` is such a pair. The judge runs the checks in
its own process, so that nothing a submission does can reach them.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from grader import compare as comparing
from grader.compare import Failure, Label, words
from grader.host import Setup, Shapes, SubmissionError, Target
from grader.local import ReferenceSide
from grader.subject import Shown, Side, Subject
from grader.wire import Once, Ticket

__all__ = ["Failure", "Subject", "Trial", "once"]


def once(items: Sequence[Tensor]) -> Once:
    """An iterable over tensors that the submission can read only once."""
    return Once(list(items))


@dataclass
class Trial:
    """One check's dealings with one submission; every draw follows from `seed` and `name`."""

    candidate: Side
    reference: ReferenceSide
    entry: str
    seed: int
    name: str = ""
    layers: list[Subject] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    record: Callable[[Any], None] = lambda _: None

    def __post_init__(self) -> None:
        # torch's generator takes 32 bits and ignores the rest, so seed and name are mixed first.
        mixed = zlib.crc32(f"{self.seed} {self.name}".encode())
        self.generator = torch.Generator().manual_seed(mixed)

    # Draws: float64 tensors whose values float32 can hold, so that both dtypes see the same input.

    def randn(self, *shape: int, scale: float = 1.0) -> Tensor:
        values = torch.randn(shape, generator=self.generator, dtype=torch.float32)
        return values.mul_(scale).double()

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
        mine, blank = self.reference.blank(self.entry, args, options)
        loaded = self._weights(blank.shapes, weights or {})
        loaded |= {name: loaded[other] for name, other in blank.ties.items()}
        blank.load(loaded)
        plan = Setup(loaded, self.entry, args, options)
        call = _call_text(args, options)
        self.layers.append(Subject(self, Target(), Target(mine), loaded, call, plan=plan))
        return self.layers[-1]

    def finish(self) -> None:
        """The end of a check: a layer that was never called is made all the same."""
        for layer in self.layers:
            layer.make()

    def construct(self, *args: Any, **options: Any) -> Ticket:
        """Constructs the class under test on the submission's side only."""
        return self.candidate.construct(self.entry, args, options)

    def _weights(self, shapes: Shapes, chosen: dict[str, Tensor]) -> dict[str, Tensor]:
        """Random weights of these shapes, all from one draw, or the chosen ones."""
        sizes, scale, mean = _spread(tuple(shapes.items()))
        drawn = torch.randn(scale.shape, generator=self.generator, dtype=torch.float32)
        parts = torch.split((drawn * scale + mean).double(), sizes)
        weights = {
            name: part.view(shape)
            for (name, shape), part in zip(shapes.items(), parts, strict=True)
        }
        for name in chosen.keys() & shapes.keys():
            weights[name] = chosen[name].double().reshape(shapes[name])
        return weights

    # Verdicts

    def equal(
        self,
        actual: Any,
        expected: Tensor,
        what: Label = "output",
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
            wanted, got = error.__name__, comparing.told(problem)
            raise Failure(
                words(
                    f"Expected {wanted} for {_inputs_text(args)}, but the code raised {got['en']}.",
                    f"输入 {_inputs_text(args)} 时应抛出 {wanted}，实际抛出 {got['zh']}。",
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


@lru_cache(maxsize=1024)
def _spread(
    shapes: tuple[tuple[str, tuple[int, ...]], ...],
) -> tuple[list[int], Tensor, Tensor]:
    """Size of every parameter; scale and mean of every weight, to keep activations near one."""
    sizes = [math.prod(shape) for _, shape in shapes]
    scales = [shape[-1] ** -0.5 if len(shape) >= 2 else 0.5 for _, shape in shapes]
    means = [
        float(len(shape) < 2 and "norm" in name and name.endswith("weight"))
        for name, shape in shapes
    ]
    repeats = torch.tensor(sizes, dtype=torch.int64)
    scale, mean = (torch.tensor(values).repeat_interleave(repeats) for values in (scales, means))
    return sizes, scale, mean


def _call_text(args: Sequence[Any], options: dict[str, Any]) -> str:
    return ", ".join([*map(repr, args), *(f"{key}={value!r}" for key, value in options.items())])


def _inputs_text(args: Sequence[Any]) -> str:
    parts = [f"tensor{tuple(a.shape)}" if isinstance(a, Tensor) else repr(a) for a in args]
    return f"({', '.join(parts)})"
