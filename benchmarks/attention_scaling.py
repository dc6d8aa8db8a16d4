"""Growth of time and peak memory with the length, of the variants that promise less than L^2.

Every figure comes from a process of its own, whose peak is the operating system's account: resident
memory above what stood there, inputs included, before the call. Plain attention and torch's fused
kernel are measured in the same run, both causal. Run: python -m benchmarks.attention_scaling
"""

from __future__ import annotations

import argparse
import functools
import math
import multiprocessing
import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from attention import gated_delta, gated_linear, retention, state_space_dual
from attention.causal import causal_mask
from attention.flash import flash
from attention.flash_backward import flash_backward
from attention.induced_set import induced_set
from attention.linear_chunked import linear_chunked
from attention.merge_partial import merge_partial
from attention.nystrom import nystrom
from attention.performer import performer
from attention.scaled_dot_product import scaled_dot_product
from attention.sliding_window import by_blocks

HEADS, DIM, WINDOW, TILE, CHUNK, POINTS = 2, 64, 256, 256, 64, 64
LENGTHS = (1024, 2048, 4096, 8192, 16384, 32768)
WARM_UP = 64
ROOM = 3 * 2**30  # bytes: a length whose peak is foreseen above this is left out
LONG = 1.0  # seconds: what takes longer is timed once
TINY = 2**22  # bytes: peaks below this are noise and left out of the fit

Inputs = tuple[Tensor, Tensor, Tensor]
Method = Callable[[Tensor, Tensor, Tensor], object]


@dataclass(frozen=True)
class Figure:
    """What one call took: seconds, and the peak in bytes (None where the system does not tell)."""

    seconds: float
    peak: int | None


def plain(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    mask = causal_mask(query.shape[-2], key.shape[-2])
    return scaled_dot_product(query, key, value, mask)[0]


def fused(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(query, key, value, is_causal=True)


def flash_and_backward(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    with torch.enable_grad():
        query, key, value = (x.detach().requires_grad_() for x in (query, key, value))
        output, _ = flash_backward(query, key, value, TILE, True)
        torch.autograd.grad(output.sum(), (query, key, value))
    return output.detach()


def random_features(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    projection = torch.randn(4 * DIM, DIM, generator=torch.Generator().manual_seed(0))
    return performer(query, key, value, projection, need_weights=False)[0]


def through_points(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    points = torch.randn(POINTS, DIM, generator=torch.Generator().manual_seed(0))
    return induced_set(query, key, value, points, need_weights=False)[0]


def retained(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return retention.chunked(query, key, value, CHUNK)


def gated(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return gated_linear.chunked(query, key, value, query, 16)


def corrected(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return gated_delta.chunked(query, key, value, query[..., 0], query[..., 1], CHUNK)


def dual(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return state_space_dual.chunked(query, key, value, query[..., 0], CHUNK)


METHODS: dict[str, Method] = {
    "plain": plain,
    "fused kernel": fused,
    f"flash, tiles of {TILE}": lambda q, k, v: flash(q, k, v, TILE, True)[0],
    "flash with backward": flash_and_backward,
    "merge of 4 parts": lambda q, k, v: merge_partial(q, k, v, 4, TILE)[0],
    f"sliding window of {WINDOW}": lambda q, k, v: by_blocks(q, k, v, WINDOW),
    "linear, chunked": lambda q, k, v: linear_chunked(q, k, v, CHUNK)[0],
    "retention, chunked": retained,
    "gated linear, chunked": gated,
    "gated delta, chunked": corrected,
    "state space duality, chunked": dual,
    "Performer": random_features,
    "Nyström": lambda q, k, v: nystrom(q, k, v, POINTS, need_weights=False)[0],
    "induced set": through_points,
}
FLASH, SLIDING = f"flash, tiles of {TILE}", f"sliding window of {WINDOW}"
LINEAR_MEMORY = (SLIDING, "linear, chunked", FLASH, "merge of 4 parts")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--longest", type=int, default=LENGTHS[-1], help="leave out what is longer")
    lengths = [length for length in LENGTHS if length <= parser.parse_args().longest]
    print(f"batch 1, {HEADS} heads, dim {DIM}, float32, one thread\n")
    figures = {name: series(name, lengths) for name in METHODS}
    times = {
        name: {n: figure.seconds for n, figure in found.items()} for name, found in figures.items()
    }
    peaks = {
        name: {n: float(f.peak) for n, f in found.items() if f.peak is not None}
        for name, found in figures.items()
    }
    print()
    print("\n".join(table("milliseconds", times, lengths, 1e-3, floor=0.0)))
    print("\n".join(table("peak MiB", peaks, lengths, 2**20, floor=TINY)))
    print("\n".join(targets(times, peaks)))


def series(name: str, lengths: Sequence[int]) -> dict[int, Figure]:
    """A method's figures by length, as far as its memory is foreseen to fit."""
    print(f"measuring {name} …", flush=True)
    found: dict[int, Figure] = {}
    context = fresh_processes()
    for length in lengths:
        if found and 4 * (list(found.values())[-1].peak or 0) > ROOM:
            break
        with context.Pool(1) as pool:  # a new process: nothing of the last length is left
            found[length] = pool.apply(measure, (name, length))
    return found


def fresh_processes() -> BaseContext:
    """Processes that have done nothing yet; torch is imported once for all where that can be."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", "jaxtyping"])
    return context


def measure(name: str, length: int) -> Figure:
    """Time and peak of one method at one length, in this process."""
    torch.set_num_threads(1)
    with torch.no_grad():
        METHODS[name](*draw(WARM_UP))
        inputs = draw(length)
        before = peak_so_far(forget=True)
        seconds = [timed(functools.partial(METHODS[name], *inputs))]
        after = peak_so_far()
        while len(seconds) < 3 and seconds[0] < LONG:
            seconds.append(timed(functools.partial(METHODS[name], *inputs)))
    peak = None if before is None or after is None else after - before
    return Figure(statistics.median(seconds), peak)


def draw(length: int) -> Inputs:
    generator = torch.Generator().manual_seed(0)
    query, key, value = torch.randn(3, 1, HEADS, length, DIM, generator=generator).unbind()
    return query, key, value


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def peak_so_far(forget: bool = False) -> int | None:
    """Most resident memory of this process in bytes, of late if `forget`; None if nobody tells."""
    status = Path("/proc/self/status")
    if status.exists():
        if forget:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # sets VmHWM to VmRSS
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))
        return int(found[1]) * 1024 if found else None
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS


def exponent(values: dict[int, float], floor: float = 0.0) -> float:
    """Slope of log(value) against log(length), by least squares; NaN from fewer than two."""
    points = [(math.log(n), math.log(v)) for n, v in values.items() if v > floor]
    if len(points) < 2:
        return math.nan
    return statistics.linear_regression(*zip(*points, strict=True)).slope


def table(
    title: str,
    figures: dict[str, dict[int, float]],
    lengths: Sequence[int],
    unit: float,
    floor: float,
) -> list[str]:
    """A line per method: its figure at each length, and the exponent of its growth."""
    heads = "".join(f"{f'{n // 1024}k':>10}" for n in lengths)
    lines = [f"{title:<30}{heads}{'exponent':>10}"]
    for name, found in figures.items():
        cells = "".join(f"{found[n] / unit:10.1f}" if n in found else f"{'-':>10}" for n in lengths)
        lines.append(f"{name:<30}{cells}{exponent(found, floor):10.2f}")
    return [*lines, ""]


def targets(times: dict[str, dict[int, float]], peaks: dict[str, dict[int, float]]) -> list[str]:
    """What is promised, what was measured, and whether it holds."""
    lines = ["targets"]
    for name in LINEAR_MEMORY:
        slope = exponent(peaks[name], TINY)
        lines.append(line(f"memory of {name}: exponent", slope, 1.15))
    full = times["fused kernel"]
    if 4096 in full:
        lines.append(line("flash over fused kernel at 4k", times[FLASH][4096] / full[4096], 4.0))
    for length in full:
        if length >= 8192:
            ratio = times[SLIDING][length] / full[length]
            lines.append(line(f"sliding window over fused at {length // 1024}k", ratio, 1.0))
    return lines


def line(what: str, figure: float, most: float) -> str:
    verdict = "not measured" if math.isnan(figure) else "met" if figure <= most else "missed"
    return f"  {what:<52}{figure:8.2f}   at most {most:<6}{verdict}"


if __name__ == "__main__":
    main()
