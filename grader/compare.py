"""Compares what a submission returned with what the reference returns, and words the difference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from grader.host import SubmissionError
from grader.verdict import Words
from grader.wire import Once, Opaque, Ticket

SMALL = 1024  # elements up to which a verdict carries whole arrays
Label = str | tuple[str, str]  # what is compared; a name that is not the code's own in en and zh
CHINESE = {"output": "输出", "input": "输入"}


class Failure(Exception):
    """A check does not hold; `message` says why in both languages."""

    def __init__(self, message: Words, **detail: Any) -> None:
        super().__init__(message["en"])
        self.message = message
        self.detail = detail


def words(en: str, zh: str) -> Words:
    return {"en": en, "zh": zh}


def label(what: Label) -> Words:
    """A label in both languages; "output 2" and the like are known."""
    if isinstance(what, tuple):
        return words(*what)
    name, _, rest = what.partition(" ")
    return words(what, f"{CHINESE[name]} {rest}".strip() if name in CHINESE else what)


def tolerance(dtype: torch.dtype, expected: Tensor, logits: float = 1.0) -> float:
    """The absolute error allowed when computing in `dtype`.

    float64 answers are held to 1e-9 of the largest expected value (about 4e6 units of rounding).
    float32 is held to 1e-4 of it: half a unit of rounding per term is 6e-8, and sums over the
    lengths judged here stay below 1e3 terms. Scores of size `logits` carry an error of
    `logits` units of rounding into the exponent, whatever the order of operations.
    """
    base = 1e-9 if dtype == torch.float64 else 1e-4
    largest = expected.abs().max().item() if expected.numel() else 0.0
    if not math.isfinite(largest):
        finite = expected[expected.isfinite()]
        largest = finite.abs().max().item() if finite.numel() else 0.0
    size = max(1.0, largest)
    return size * max(base, 16 * torch.finfo(dtype).eps * logits)


def structure(actual: Any, expected: Any, what: Sequence[str]) -> list[tuple[str, Any, Any]]:
    """Pairs of leaves with their names; Failure where the nesting differs."""
    if not isinstance(expected, tuple):
        return [(what[0] if what else "output", actual, expected)]
    if not isinstance(actual, tuple) or len(actual) != len(expected):
        raise Failure(
            words(
                f"Expected {len(expected)} results ({', '.join(what)}), got {kind(actual)}.",
                f"应返回 {len(expected)} 个结果（{', '.join(what)}），"
                f"实际返回{kind(actual, True)}。",
            ),
            what="structure",
        )
    return list(zip(what, actual, expected, strict=True))


def kind(value: Any, chinese: bool = False) -> str:
    """What a value is, in a few words."""
    if isinstance(value, Tensor):
        return "一个张量" if chinese else "one tensor"
    if isinstance(value, tuple):
        return f" {len(value)} 个值的元组" if chinese else f"a tuple of {len(value)}"
    if isinstance(value, Opaque):
        return f" {value.kind}" if chinese else value.kind
    if isinstance(value, Ticket):
        return "一个对象" if chinese else "an object"
    return f" {value!r:.80}" if chinese else f"{value!r:.80}"


def equal(
    actual: Any,
    expected: Tensor,
    what: Label = "output",
    *,
    dtype: torch.dtype | None = None,
    atol: float | None = None,
    logits: float = 1.0,
) -> None:
    """Raises Failure unless `actual` is a tensor equal to `expected` within rounding.

    `dtype` is the one computed in: a float64 expectation then stands for a result in `dtype`.
    """
    if not isinstance(actual, Tensor):
        name = label(what)
        raise Failure(
            words(
                f"{name['en']}: expected a tensor of shape {tuple(expected.shape)}, "
                f"got {kind(actual)}.",
                f"{name['zh']}：应为形状 {tuple(expected.shape)} 的张量，"
                f"实际为{kind(actual, True)}。",
            ),
            what=name["en"],
        )
    _same_shape(actual, expected, what)
    wanted = dtype if dtype is not None and expected.dtype == torch.float64 else expected.dtype
    _same_dtype(actual, wanted, what)
    if wanted.is_floating_point:
        allowed = tolerance(wanted, expected, logits) if atol is None else atol
        _close(actual, expected, what, allowed)
    elif not torch.equal(actual.to(expected.dtype), expected):
        _report(actual, expected, actual.to(expected.dtype) != expected, what, 0.0)


def _same_shape(actual: Tensor, expected: Tensor, what: Label) -> None:
    if actual.shape != expected.shape:
        got, wanted, name = tuple(actual.shape), tuple(expected.shape), label(what)
        raise Failure(
            words(
                f"{name['en']} has shape {got}, expected {wanted}.",
                f"{name['zh']} 的形状为 {got}，应为 {wanted}。",
            ),
            what=name["en"],
            shape_got=list(got),
            shape_expected=list(wanted),
        )


def _same_dtype(actual: Tensor, wanted: torch.dtype, what: Label) -> None:
    integers = (torch.int64, torch.int32, torch.int16, torch.int8)
    real = not actual.is_complex()  # no answer is complex, not even beside one of its own kind
    alike = actual.dtype == wanted or (wanted in integers and actual.dtype in integers)
    if real and alike:
        return
    name = label(what)
    raise Failure(
        words(
            f"{name['en']} has dtype {actual.dtype}, expected {wanted}.",
            f"{name['zh']} 的 dtype 为 {actual.dtype}，应为 {wanted}。",
        ),
        what=name["en"],
        dtype=str(actual.dtype),
    )


def _close(actual: Tensor, expected: Tensor, what: Label, allowed: float) -> None:
    got, wanted = actual.double(), expected.double()
    error = (got - wanted).abs()
    if not error.numel() or error.max().item() <= allowed:
        return
    # -inf is an answer in some problems, so equal infinities agree; NaN never does.
    bad = ~(error <= allowed) & ~(got == wanted)
    if bad.any():
        _report(got, wanted, bad, what, allowed, str(actual.dtype))


def _report(
    got: Tensor, wanted: Tensor, bad: Tensor, what: Label, allowed: float, dtype: str = ""
) -> None:
    index = tuple(bad.nonzero()[0].tolist()) if bad.dim() else ()
    value, right = got[index].item(), wanted[index].item()
    error = (got.double() - wanted.double()).abs()
    largest = error[error.isfinite()].max().item() if error.isfinite().any() else float("nan")
    name, by = label(what), _how_far(got, bad, error, allowed)
    precision = f" ({dtype.removeprefix('torch.')})" if dtype else ""
    shown = _told_apart(value, right)
    message = words(
        f"{name['en']}{precision}: got {shown[0]}{f' at {index}' if index else ''}, "
        f"expected {shown[1]}; {by['en']}; shape {tuple(got.shape)}.",
        f"{name['zh']}{precision}：{f'位置 {index} ' if index else ''}得到 {shown[0]}，"
        f"应为 {shown[1]}；{by['zh']}；形状 {tuple(got.shape)}。",
    )
    detail: dict[str, Any] = {
        "what": name["en"],
        "index": list(index),
        "got": value,
        "expected": right,
        "max_error": largest,
        "tolerance": allowed,
        "shape_got": list(got.shape),
        "shape_expected": list(wanted.shape),
    }
    if dtype:
        detail["dtype"] = dtype.removeprefix("torch.")
    if got.numel() <= SMALL:
        detail["arrays"] = {"yours": got.tolist(), "expected": wanted.tolist()}
    raise Failure(message, **detail)


def _how_far(got: Tensor, bad: Tensor, error: Tensor, allowed: float) -> Words:
    """How many values differ, and by how much where that says something."""
    share = f"{int(bad.sum())}/{bad.numel()}"
    if not got.is_floating_point():
        return words(f"{share} values differ", f"{share} 个值不同")
    missing = int(got[bad].isnan().sum())
    if missing:
        return words(
            f"{share} values differ, {missing} of them NaN",
            f"{share} 个值不同，其中 {missing} 个 NaN",
        )
    largest = error[bad].max().item()
    return words(
        f"{share} values differ, by up to {largest:.3g} (allowed {allowed:.1g})",
        f"{share} 个值不同，最大误差 {largest:.3g}（允许 {allowed:.1g}）",
    )


def _told_apart(value: float | bool, right: float | bool) -> tuple[str, str]:
    """Both numbers with as many digits as it takes to see that they differ."""
    for digits in (6, 10, 17):
        pair = _number(value, digits), _number(right, digits)
        if pair[0] != pair[1]:
            break
    return pair


def _number(value: float | bool, digits: int) -> str:
    return str(value) if isinstance(value, bool | int) else f"{value:.{digits}g}"


def told(error: SubmissionError) -> Words:
    """The exception and its line."""
    return words(str(error), error.words + (f"（第 {error.line} 行）" if error.line else ""))


def raised(error: SubmissionError) -> Failure:
    """The failure of a check in which the submission raised."""
    said = told(error)
    return Failure(
        words(f"The code raised {said['en']}.", f"代码抛出异常 {said['zh']}。"),
        what="raised",
        raised=error.kinds[0],
        line=error.line,
        cause=error.cause,
    )


def same(first: Any, second: Any) -> bool:
    """Whether two recorded results are the same thing to rounding: used for the diagnosis."""
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        if first.shape != second.shape or first.dtype != second.dtype:
            return False
        if not first.is_floating_point():
            return torch.equal(first, second)
        close = 100 * tolerance(first.dtype, first)
        return torch.allclose(first, second, rtol=0, atol=close, equal_nan=True)
    if isinstance(first, tuple) and isinstance(second, tuple):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, Opaque | Ticket | Once) or isinstance(second, Opaque | Ticket | Once):
        return type(first) is type(second)
    return bool(first == second)
