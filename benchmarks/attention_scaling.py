"""Growth of time and peak memory with the length, of the variants that promise less than L^2.

Every figure comes from a process of its own, whose peak is the operating system's account: resident
memory above what stood there, inputs included, before the call. Plain attention and torch's fused
kernel are measured in the same run, both causal. Run: python -m benchmarks.attention_scaling
"""

from __future__ import annotations

import argparse
import functools
import math
from collections.abc import Callable, Sequence

from torch import Tensor

from attention.causal import causal_mask
from attention.scaled_dot_product import scaled_dot_product
from views.lab_cost_measure import Work
from views.lab_cost_methods import LEAN, TILE, WINDOW, draw_three
from views.lab_cost_series import TINY, Figure, exponent
from views.lab_cost_series import series as measured
from views.lab_cost_setup import FUSED

HEADS, DIM = 2, 64
LENGTHS = (1024, 2048, 4096, 8192, 16384, 32768)
ROOM = 3 * 2**30  # bytes: a length whose peak is foreseen above this is left out


def plain(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    mask = causal_mask(query.shape[-2], key.shape[-2])
    return scaled_dot_product(query, key, value, mask)[0]


FLASH, SLIDING = f"flash, tiles of {TILE}", f"sliding window of {WINDOW}"
METHODS: dict[str, Callable[[Tensor, Tensor, Tensor], object]] = {
    "plain": plain,
    "fused kernel": LEAN[FUSED],
    FLASH: LEAN["flash"],
    "flash with backward": LEAN["flash_backward"],
    "merge of 4 parts": LEAN["merge_partial"],
    SLIDING: LEAN["sliding_window"],
    "linear, chunked": LEAN["linear_chunked"],
    "retention, chunked": LEAN["retention"],
    "gated linear, chunked": LEAN["gated_linear"],
    "gated delta, chunked": LEAN["gated_delta"],
    "state space duality, chunked": LEAN["state_space_dual"],
    "Performer": LEAN["performer"],
    "Nyström": LEAN["nystrom"],
    "induced set": LEAN["induced_set"],
}
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
    return dict(measured(f"{__name__}:prepare", (name,), lengths, ROOM, count=False))


def prepare(name: str, length: int) -> Work:
    """The call of a method at a length."""
    return functools.partial(METHODS[name], *draw_three(HEADS, DIM, length))


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
