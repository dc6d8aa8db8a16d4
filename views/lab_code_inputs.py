"""Inputs for a problem, drawn after its worked example: the same form, other values, other sizes.

Every size of the example is multiplied by the same number, so that sizes which belong together
still do: a model's width stays a multiple of its heads, a mask still fits.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from grader.verdict import Array, ExampleResult

# Where patches are as many as height times width, the image grows in width alone.
OF_AN_IMAGE = ("height", "window", "shift")


@dataclass(frozen=True)
class Drawn:
    """Inputs by name, as `Grader.run` takes them; `arguments` construct a layer."""

    inputs: dict[str, Any]
    arguments: list[Any] | None


def drawn_after(examples: Sequence[ExampleResult], at: int, times: int, seed: int) -> Drawn | None:
    """Inputs after one of a problem's examples, None where none can be drawn.

    An example of several steps shows calls that follow each other, of which one alone says little.
    """
    example = examples[min(at, len(examples) - 1)]
    steps = sum(other.name == example.name for other in examples)
    return drawn_like(example, times, seed) if steps == 1 else None


def drawn_like(example: ExampleResult, times: int, seed: int) -> Drawn | None:
    """Inputs of the example's form; None where one of them is neither a tensor nor a number."""
    random = np.random.default_rng(seed)
    try:
        arguments = ast.literal_eval(f"[{example.arguments}]") if example.arguments else None
        image = {"height", "width"} <= example.inputs.keys()
        inputs = {
            name: _like(value, 1 if image and name in OF_AN_IMAGE else times, random)
            for name, value in example.inputs.items()
        }
    except (ValueError, SyntaxError):
        return None
    if arguments is not None:
        arguments = [_number(value, times, least=1) for value in arguments]
    return Drawn(inputs, arguments)


def _like(value: Array | str, times: int, random: Generator) -> Any:
    if isinstance(value, Array):
        return _tensor(value, times, random).tolist()
    return _number(ast.literal_eval(value), times)


def _number(value: Any, times: int, least: int = 2) -> Any:
    """A size, multiplied; below `least` it names a dimension or a smallest case and stays."""
    if value is None or isinstance(value, (bool, float)):
        return value
    if not isinstance(value, int):
        raise ValueError(f"{value!r} is no number")
    return value * times if value >= least else value


def _tensor(value: Array, times: int, random: Generator) -> NDArray[Any]:
    shape = tuple(size * times for size in value.shape)
    if value.dtype == "bool":
        mask = random.random(shape) < 0.6
        mask[..., 0] |= ~mask.any(-1)  # every row may attend to something
        return mask
    if value.dtype.startswith("float"):
        return random.standard_normal(shape).astype(np.float32)
    known = np.asarray(value.data)
    if known.ndim and (known == np.arange(known.shape[-1])).all():  # positions
        return np.broadcast_to(np.arange(shape[-1]), shape)
    return random.integers(known.min(), known.max() * times + 1, shape)
