"""What a stage computed, said only where the numbers of this very call confirm it.

Variants share stage names but not formulas: "scores" is a dot product in one and a small network
in another. So each textbook formula is tried on the recorded tensors, and shown if it holds; the
line of code that made the stage is shown in any case.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

import attention
from views.charts.tiles import Array
from views.lab_axes import base_of
from views.lab_call import Stage

Stages = Mapping[str, Stage]
_ROWS = 48  # a formula is tried on so many rows of the first and the last map
_BEFORE = ("masked", "biased", "scaled", "scores")  # what the next step may read, latest first


def formula(stages: Stages, name: str) -> str:
    """The LaTeX of a stage's formula, or "" if none of the textbook's holds for these numbers."""
    known = _FORMULAS.get(name)
    return known(stages) if known and name in stages else ""


def factors(stages: Stages, name: str) -> tuple[Array, Array] | None:
    """The vectors (n, R, d) and (n, C, d) whose dot products are the stage, if they are."""
    pair = {"scores": ("query", "key")}.get(name)
    if pair is None or not formula(stages, name):
        return None
    left, right = (_spread(stages[part].maps, len(stages[name].maps)) for part in pair)
    return left, right


def code_line(variant: str, name: str) -> str:
    """The expression noted as the stage `name` by a variant or by what it calls in the library.

    "" if there is none, or more than one: which of them ran is then not to be read off the source.
    """
    base = base_of(name)
    found = {code for stage, code in _noted_by(variant) if stage == base}
    return found.pop() if len(found) == 1 else ""


@lru_cache(maxsize=256)
def _noted_by(variant: str) -> tuple[tuple[str, str], ...]:
    """Name and expression of every `stage("name", expression)` that a call of a variant reaches."""
    waiting, seen, found = [(variant, variant)], set(), []
    while waiting:
        module, function = waiting.pop(0)
        if (module, function) in seen:
            continue
        seen.add((module, function))
        functions, imported = _module(module)
        for node in ast.walk(functions.get(function, ast.Module([], []))):
            match node:
                case ast.Call(func=ast.Name("stage"), args=[ast.Constant(str(name)), expression]):
                    found.append((name, ast.unparse(expression)))
                case ast.Call(func=ast.Name(called)):
                    waiting.append((imported.get(called, module), called))
    return tuple((name, code) for name, code in found if not code.isidentifier())


@lru_cache(maxsize=256)
def _module(name: str) -> tuple[dict[str, ast.AST], dict[str, str]]:
    """The functions of a module of the library, and where its imported names come from."""
    path = Path(attention.__file__).with_name(f"{name}.py")
    body = ast.parse(path.read_text(encoding="utf-8")).body if path.is_file() else []
    functions: dict[str, ast.AST] = {n.name: n for n in body if isinstance(n, ast.FunctionDef)}
    imports = [node for node in body if isinstance(node, ast.ImportFrom)]
    imported = {
        alias.name: str(node.module).removeprefix("attention.")
        for node in imports
        for alias in node.names
        if str(node.module).startswith("attention.")
    }
    return functions, imported


def _spread(maps: Array, count: int) -> Array:
    """Each map repeated for the heads that share it, consecutive heads together."""
    return maps if len(maps) == count else np.repeat(maps, count // len(maps), axis=0)


def _same(actual: Stage, expected: Callable[[int, slice], Array]) -> bool:
    """Whether the first and the last map agree with `expected(map, rows)` to rounding."""
    error = 3e-2 if actual.dtype in ("bfloat16", "float16") else 2e-4
    rows = slice(0, _ROWS)
    for index in (0, len(actual.maps) - 1):
        got, want = actual.maps[index][rows], expected(index, rows)
        finite = np.isfinite(want)
        if got.shape != want.shape or not np.array_equal(np.isfinite(got), finite):
            return False
        reach = float(np.abs(want[finite]).max(initial=1.0))
        if not np.allclose(got[finite], want[finite], rtol=error, atol=error * reach):
            return False
    return True


def _share(stages: Stages, part: str, name: str, index: int) -> Array:
    """The map of `part` that belongs to map `index` of the stage `name`."""
    maps = stages[part].maps
    return np.asarray(maps[index * len(maps) // len(stages[name].maps)])


def _fits(stages: Stages, name: str, *parts: str) -> bool:
    """Whether the parts exist and their maps can be shared out among the stage's."""
    count = len(stages[name].maps)
    return all(part in stages and count % len(stages[part].maps) == 0 for part in parts)


def _scores(stages: Stages) -> str:
    if not _fits(stages, "scores", "query", "key"):
        return ""
    if stages["query"].maps.shape[-1] != stages["key"].maps.shape[-1]:
        return ""

    def product(index: int, rows: slice) -> Array:
        left = _share(stages, "query", "scores", index)[rows]
        return left @ _share(stages, "key", "scores", index).T

    return r"S = Q K^\top" if _same(stages["scores"], product) else ""


def _scaled(stages: Stages) -> str:
    if "scores" not in stages:
        return ""
    scores, scaled = stages["scores"].maps, stages["scaled"].maps
    if scores.shape != scaled.shape:
        return ""
    at = np.unravel_index(int(np.argmax(np.abs(scores[0]))), scores[0].shape)
    factor = float(scaled[0][at] / scores[0][at]) if scores[0][at] else math.nan
    if not _same(stages["scaled"], lambda index, rows: scores[index][rows] * np.float32(factor)):
        return ""
    width = stages["query"].maps.shape[-1] if "query" in stages else 0
    if width and math.isclose(factor, width**-0.5, rel_tol=1e-2):
        return rf"S / \sqrt{{d}} = S / \sqrt{{{width}}}"
    if math.isclose(factor, 1.0, rel_tol=1e-2):
        return "S"
    if width:
        root = rf"\frac{{S}}{{\sqrt{{{width}}}\cdot T}},\quad T = {1 / (factor * width**0.5):.3g}"
        return rf"{factor:.3g}\,S = {root}"
    return rf"{factor:.3g}\,S"


def _masked(stages: Stages) -> str:
    before = _latest(stages, "masked")
    if not before or stages[before].maps.shape != stages["masked"].maps.shape:
        return ""
    masked = stages["masked"].maps

    def covered(index: int, rows: slice) -> Array:
        kept = np.isfinite(masked[index][rows])
        return np.where(kept, stages[before].maps[index][rows], -np.inf).astype(np.float32)

    if not _same(stages["masked"], covered):
        return ""
    return r"M_{ij} = \begin{cases} S_{ij} & \text{if } i \to j \\ -\infty \end{cases}"


def _weights(stages: Stages) -> str:
    before = _latest(stages, "weights")
    if not before or stages[before].maps.shape != stages["weights"].maps.shape:
        return ""

    def softmax(index: int, rows: slice) -> Array:
        scores = stages[before].maps[index][rows]
        top = scores.max(axis=-1, keepdims=True)
        powers = np.exp(scores - np.where(np.isfinite(top), top, 0.0))
        total = powers.sum(axis=-1, keepdims=True)
        return np.asarray(powers / np.where(total == 0, 1, total), dtype=np.float32)

    if not _same(stages["weights"], softmax):
        return ""
    symbol = {"masked": "M", "biased": "B", "scaled": r"S / \sqrt{d}", "scores": "S"}[before]
    if before == "scaled" and not _scaled(stages).startswith("S / "):
        symbol = r"\tilde S"
    return (
        rf"A = \operatorname{{softmax}}({symbol}),\quad "
        r"A_{ij} = \frac{e^{x_{ij}}}{\sum_k e^{x_{ik}}}"
    )


def _output(stages: Stages) -> str:
    if not _fits(stages, "output", "weights", "value"):
        return ""
    if stages["weights"].maps.shape[-1] != stages["value"].maps.shape[-2]:
        return ""

    def mixed(index: int, rows: slice) -> Array:
        weights = _share(stages, "weights", "output", index)[rows]
        return weights @ _share(stages, "value", "output", index)

    return "O = A V" if _same(stages["output"], mixed) else ""


def _latest(stages: Stages, name: str) -> str:
    """The last of the score stages that come before `name`."""
    names = list(stages)
    before = names[: names.index(name)]
    return next((part for part in _BEFORE if part in before), "")


_FORMULAS: dict[str, Callable[[Stages], str]] = {
    "scores": _scores,
    "scaled": _scaled,
    "masked": _masked,
    "weights": _weights,
    "output": _output,
}
