"""Measuring at one length after the other, each in a process of its own. No torch, no Streamlit.

A fresh process has nothing of the last length left in it, so that its peak is the operating
system's account of this call alone: resident memory above what stood there, inputs included,
before the call. The lab's Cost view and `benchmarks.attention_scaling` measure with this.
"""

from __future__ import annotations

import functools
import importlib
import math
import multiprocessing
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from typing import Any

TINY = 2**22  # bytes: peaks below this are noise and left out of the fit


@dataclass(frozen=True)
class Figure:
    """What one call took.

    `peak` in bytes is None where the system does not tell it. `flops` of matrix products and
    `traffic`, bytes that the operations read and wrote, are None where they were not counted.
    """

    seconds: float
    peak: int | None
    flops: int | None = None
    traffic: int | None = None


def series(
    prepare: str, arguments: tuple[Any, ...], lengths: Sequence[int], room: int, count: bool
) -> Iterator[tuple[int, Figure]]:
    """Figures by length, each as it is there, as far as memory is foreseen to fit `room` bytes.

    `prepare` is "module:function"; that function, given the arguments and a length, returns the
    call to measure. What it raises is raised here.
    """
    # Counting dispatches through torch._dynamo, whose import takes seconds: once, not each time.
    module = prepare.partition(":")[0]
    context = fresh_processes([module, *(["torch._dynamo"] if count else [])])
    last = 0
    for length in lengths:
        if 4 * last > room:
            break
        with context.Pool(1) as pool:
            figure = pool.apply(_measure, (prepare, arguments, length, count))
        last = figure.peak or 0
        yield length, figure


def fresh_processes(modules: Sequence[str]) -> BaseContext:
    """Processes that have done nothing yet; modules are imported once for all where that can be."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", "jaxtyping", "views.lab_cost_measure", *modules])
    return context


def _measure(prepare: str, arguments: tuple[Any, ...], length: int, count: bool) -> Figure:
    """What the fresh process does; torch is imported there."""
    from views.lab_cost_measure import measure

    module, _, name = prepare.partition(":")
    function = getattr(importlib.import_module(module), name)
    return measure(functools.partial(function, *arguments), length, count)


def exponent(values: Mapping[int, float], floor: float = 0.0) -> float:
    """Slope of log(value) against log(length), by least squares; NaN from fewer than two."""
    return fit(values, floor)[0]


def fit(values: Mapping[int, float], floor: float = 0.0) -> tuple[float, float]:
    """The p and c of value = c · length^p, by least squares on logarithms; NaN from too few."""
    points = [(math.log(n), math.log(v)) for n, v in values.items() if v > floor]
    if len(points) < 2:
        return math.nan, math.nan
    slope, intercept = statistics.linear_regression(*zip(*points, strict=True))
    return slope, math.exp(intercept)
