"""What the judge says: verdicts, results of single checks, results of a run. Plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["accepted", "wrong", "error", "timeout", "memory", "forbidden", "crashed"]
Words = dict[str, str]  # {"en": ..., "zh": ...}


class GraderError(Exception):
    """The grader itself could not do its work; nothing is said about the submission."""


class Cancelled(GraderError):
    """The caller stopped the request; there is no answer."""

    def __init__(self) -> None:
        super().__init__("stopped at your request")


@dataclass(frozen=True)
class CheckResult:
    """One check: what should hold (`title`) and, where it does not, how it failed."""

    name: str
    passed: bool
    title: Words
    message: Words
    seconds: float
    detail: dict[str, Any] | None = None


@dataclass(frozen=True)
class Verdict:
    """The judge's word on one submission; `seed` repeats its random inputs."""

    slug: str
    verdict: Kind
    checks: tuple[CheckResult, ...]
    diagnosis: Words | None
    stdout: str
    seconds: float
    seed: int
    line: int | None
    message: Words
    notes: tuple[Words, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Verdict:
        checks = tuple(CheckResult(**check) for check in data["checks"])
        return cls(**{**data, "checks": checks, "notes": tuple(data.get("notes", ()))})


@dataclass(frozen=True)
class Array:
    """A tensor as nested lists of floats, ints or bools; NaN and inf as they are."""

    shape: tuple[int, ...]
    dtype: str
    data: Any


@dataclass(frozen=True)
class ExampleResult:
    """One worked example: `arguments` construct the layer (empty for functions)."""

    name: str
    title: Words
    arguments: str
    inputs: dict[str, Array | str]
    outputs: tuple[Array | str, ...] | None
    expected: tuple[Array | str, ...] | None
    error: Words | None = None
    line: int | None = None


@dataclass(frozen=True)
class RunResult:
    """What a submission gives on examples or on chosen inputs, beside the reference."""

    slug: str
    examples: tuple[ExampleResult, ...]
    stdout: str
    error: Words | None
    line: int | None
    seconds: float
    notes: tuple[Words, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> RunResult:
        examples = tuple(_example(entry) for entry in data["examples"])
        return cls(**{**data, "examples": examples, "notes": tuple(data.get("notes", ()))})


@dataclass(frozen=True)
class Wall:
    """One wall of the sandbox: whether it stands here and how that is known."""

    name: str
    stands: bool
    detail: Words


def _array(entry: Any) -> Array | str:
    if isinstance(entry, str):
        return entry
    return Array(tuple(entry["shape"]), entry["dtype"], entry["data"])


def _example(entry: dict[str, Any]) -> ExampleResult:
    def arrays(values: list[Any] | None) -> tuple[Array | str, ...] | None:
        return None if values is None else tuple(map(_array, values))

    inputs = {name: _array(value) for name, value in entry["inputs"].items()}
    sides = {side: arrays(entry[side]) for side in ("outputs", "expected")}
    return ExampleResult(**{**entry, "inputs": inputs, **sides})
