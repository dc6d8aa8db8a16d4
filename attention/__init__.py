"""The reference library: one file per attention variant, found by looking, never by a list.

A variant is a module `attention/<name>.py` with a literal `VARIANT` and a main function `<name>`
that returns `(output, weights)`. Its metadata is read from the syntax tree, so listing the
variants imports neither torch nor the variants; `load` imports exactly one.
"""

import ast
import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

__all__ = ["FAMILIES", "Variant", "load", "source", "variants"]

FAMILIES = (
    "core",
    "heads",
    "cache",
    "sparse",
    "linear",
    "lowrank",
    "tiled",
    "quantised",
    "scores",
    "positions",
    "masks",
    "vision",
    "interpret",
)
_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Variant:
    """What a variant says of itself, without importing it.

    `parameters` are the non-tensor arguments that may be varied: for each a `default` with `min`,
    `max`, `step` (a number), a `default` alone (a bool), or a `default` with `choices`.
    `sizes` are defaults for dimension names outside the common vocabulary, `inputs` names the
    special ways of drawing an argument (see `attention.inputs`).
    """

    name: str
    title: dict[str, str]
    family: str
    year: int
    paper: str
    url: str
    path: Path
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)


def variants() -> dict[str, Variant]:
    """All variants by name, in order of family and then year; read anew when a file changes."""
    found = [variant for path in _FOLDER.glob("*.py") if (variant := _variant(path))]
    found.sort(key=lambda variant: (FAMILIES.index(variant.family), variant.year, variant.name))
    return {variant.name: variant for variant in found}


def load(name: str) -> Callable[..., Any]:
    """The main function of a variant. Raises KeyError if there is no variant of that name."""
    _known(name)
    function: Callable[..., Any] = getattr(importlib.import_module(f"attention.{name}"), name)
    return function


def source(name: str) -> str:
    """The source text of a variant's file. Raises KeyError if there is no such variant."""
    return _known(name).path.read_text(encoding="utf-8")


def _known(name: str) -> Variant:
    path = _FOLDER / f"{name}.py"
    variant = _variant(path) if name.isidentifier() and path.is_file() else None
    if variant is None:
        raise KeyError(f"no attention variant {name!r}; there are: {', '.join(variants())}")
    return variant


def _variant(path: Path) -> Variant | None:
    """The variant in a file, or None for a helper: a module without VARIANT, or named _so."""
    return None if path.name.startswith("_") else _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=512)
def _read(path: Path, _modified: int) -> Variant | None:
    """The VARIANT of a file as its syntax tree tells it, once for each state of the file."""
    for node in ast.parse(path.read_text(encoding="utf-8"), str(path)).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "VARIANT":
            try:
                variant = Variant(name=path.stem, path=path, **ast.literal_eval(node.value))
            except (TypeError, ValueError) as error:
                raise ValueError(f"{path.name}:{node.lineno}: VARIANT: {error}") from error
            if variant.family not in FAMILIES:
                raise ValueError(f"{path.name}:{node.lineno}: unknown family {variant.family!r}")
            return variant
    return None
