"""Server time of a change on a long map and on a grid of many heads, beside matplotlib's ways.

A change is what a click costs on the server: the whole page is run again with another part of the
map chosen, in the same test runtime for all. Run: python -m benchmarks.long_maps
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

from streamlit.testing.v1 import AppTest

from views.charts.heatmap import Zoom

SIDE = 4096
LAYERS = HEADS = 32
LENGTH = 128
GOAL = 0.150  # seconds
PATIENCE = 600  # seconds that a page may take, matplotlib's most of all
ROUNDS = 9


def lab() -> None:
    from views.lab import render

    render()


def pyplot(side: int) -> None:
    """The obvious page for one large map."""
    import matplotlib.pyplot as plt
    import numpy as np
    import streamlit as st

    weights = np.random.default_rng(0).random((side, side), dtype=np.float32)
    figure, axis = plt.subplots(figsize=(8, 8))
    axis.imshow(weights)
    st.pyplot(figure)


def subplots(layers: int, heads: int, length: int) -> None:
    """The obvious page for many heads: axes for each."""
    import matplotlib.pyplot as plt
    import numpy as np
    import streamlit as st

    weights = np.random.default_rng(0).random((layers, heads, length, length), dtype=np.float32)
    figure, axes = plt.subplots(layers, heads, figsize=(16, 16), squeeze=False)
    for axis, one in zip(axes.flat, weights.reshape(-1, length, length), strict=True):
        axis.imshow(one)
        axis.set_axis_off()
    st.pyplot(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds: int = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        print("\n".join(table(measured(rounds, folder))))


def measured(rounds: int, folder: str) -> list[tuple[str, float, float]]:
    """Name, median seconds of a change, and the longest of them; matplotlib's once each."""
    import os

    os.environ["HEADROOM_DATA"] = folder
    found = []
    for name, query, parts in (
        (f"lab, one map of {SIDE} × {SIDE}", LARGE, ZOOMS),
        (f"lab, {LAYERS} × {HEADS} heads of {LENGTH} × {LENGTH}", MANY, CLICKS),
    ):
        seconds = changes(query, parts, rounds)
        found.append((name, statistics.median(seconds), max(seconds)))
    once = timed(AppTest.from_function(pyplot, default_timeout=PATIENCE, args=(SIDE,)).run)
    found.append((f"st.pyplot, one map of {SIDE} × {SIDE}", once, once))
    grid = AppTest.from_function(subplots, default_timeout=PATIENCE, args=(LAYERS, HEADS, LENGTH))
    once = timed(grid.run)
    found.append((f"subplots, {LAYERS} × {HEADS} heads", once, once))
    return found


LARGE = {"variant": "scaled_dot_product", "heads": "1", "queries": f"{SIDE}", "keys": f"{SIDE}"}
MANY = {"tab": "heads", "variant": "scaled_dot_product", "stack": f"{LAYERS}", "heads": f"{HEADS}"}
MANY |= {"queries": f"{LENGTH}", "keys": f"{LENGTH}"}
# What is chosen on the map, one after the other: the whole, then parts of it.
ZOOMS: tuple[dict[str, Any], ...] = (
    {"zoom": None},
    {"zoom": Zoom(0, 2048, 0, 2048), "head": 0},
    {"zoom": Zoom(100, 400, 200, 500), "head": 0},
)
CLICKS: tuple[dict[str, Any], ...] = ({"head": None}, {"head": 700}, {"head": 3})


def changes(query: dict[str, str], parts: Sequence[dict[str, Any]], rounds: int) -> list[float]:
    """Seconds of each change, once the page is there."""
    page = AppTest.from_function(lab, default_timeout=PATIENCE)
    for name, value in query.items():
        page.query_params[name] = value
    page.session_state["language"] = "en"  # as app.py settles it
    page.run()
    seconds = []
    for count in range(-1, rounds):
        setup = page.session_state["lab_setup"]
        part = parts[(count + 1) % len(parts)]
        page.session_state["lab_setup"] = dataclasses.replace(setup, **part)
        took = timed(page.run)
        if page.exception:
            raise RuntimeError(page.exception[0].message)
        seconds += [took] if count >= 0 else []
    return seconds


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def table(found: Sequence[tuple[str, float, float]]) -> list[str]:
    """A line for each page, and whether the lab's meet their goal."""
    lines = [f"{'server time of a change':<42}{'median':>12}{'longest':>12}"]
    for name, middle, longest in found:
        line = f"{name:<42}{middle * 1e3:>9.0f} ms{longest * 1e3:>9.0f} ms"
        if name.startswith("lab"):
            met = "met" if middle <= GOAL else "missed"
            line += f"   at most {GOAL * 1e3:.0f} ms: {met}"
        lines.append(line)
    return lines


if __name__ == "__main__":
    main()
