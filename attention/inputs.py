"""Inputs for a variant, drawn from its annotations.

`Float[Tensor, "*batch queries dim"]` becomes a normal draw of shape (batch, queries, dim); names
ending in `_weight` are scaled by 1/sqrt(fan_in). A variant's `VARIANT["inputs"]` may name another
way of drawing for an argument: one of `WAYS` below.
"""

import inspect
import math
import re
import sys
from collections.abc import Callable, Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

import torch
from torch import Tensor

SIZES = {
    "batch": 1,
    "heads": 4,
    "kv_heads": 2,
    "queries": 8,
    "keys": 8,
    "length": 8,
    "dim": 16,
    "value_dim": 16,
    "model": 32,
    "context_dim": 24,
    "latent": 8,
    "rank": 4,
    "features": 64,
}
_WORD = re.compile(r"[A-Za-z_]\w*")


def draw(
    function: Callable[..., Any],
    sizes: Mapping[str, int] | None = None,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
) -> dict[str, Tensor]:
    """Tensors for every required tensor argument of a variant's main function.

    Args:
        function: what `attention.load(name)` returns.
        sizes: dimension name -> size; also values of non-tensor arguments on which a shape
            depends (`num_heads`). Missing ones come from the variant, then from `SIZES`.
        seed: the same seed, sizes and function give the same tensors.
        dtype: of the floating-point inputs, drawn in float64 and then rounded.

    Optional tensors (a `mask`, say) are left out. Raises ValueError for a dimension without size.
    """
    known, ways = _known(function, sizes or {})
    generator = torch.Generator().manual_seed(seed)
    drawn = {}
    for name, parameter in inspect.signature(function).parameters.items():
        annotation = _tensor(parameter.annotation)
        if annotation is None or parameter.default is not inspect.Parameter.empty:
            continue
        shape = tuple(_size(word, known, name) for word in annotation.dim_str.split())
        tensor = _values(name, shape, ways.get(name, _usual(annotation)), known, generator)
        drawn[name] = tensor.to(dtype) if tensor.is_floating_point() else tensor
    return drawn


def shapes(function: Callable[..., Any]) -> dict[str, str]:
    """The annotated shape of each tensor argument, optional ones included, as written."""
    parameters = inspect.signature(function).parameters
    found = {name: _tensor(parameter.annotation) for name, parameter in parameters.items()}
    return {name: annotation.dim_str for name, annotation in found.items() if annotation}


def _known(
    function: Callable[..., Any], sizes: Mapping[str, int]
) -> tuple[dict[str, int], dict[str, str]]:
    """All sizes that count for a function, and its special ways of drawing."""
    variant = getattr(sys.modules[function.__module__], "VARIANT", {})
    parameters = variant.get("parameters", {})
    defaults = {name: entry["default"] for name, entry in parameters.items()}
    return {**SIZES, **defaults, **variant.get("sizes", {}), **sizes}, variant.get("inputs", {})


def _tensor(annotation: Any) -> Any:
    """The jaxtyping part of an annotation, through `| None`; None if it is no tensor."""
    options = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else [annotation]
    return next((option for option in options if hasattr(option, "dim_str")), None)


def _size(word: str, known: Mapping[str, int], argument: str) -> int:
    """The size of one dimension: a number, a name, or simple arithmetic such as 3*model."""
    expression = word.lstrip("*#").replace("{", "").replace("}", "")
    unknown = [name for name in _WORD.findall(expression) if name not in known]
    if unknown:
        raise ValueError(f"{argument}: no size for dimension {unknown[0]!r}")
    return int(eval(expression, {"__builtins__": {}}, dict(known)))


def _usual(annotation: Any) -> str:
    if "bool" in annotation.dtypes:
        return "coin"
    return "normal" if any(name.startswith("float") for name in annotation.dtypes) else "count"


def _values(
    name: str,
    shape: tuple[int, ...],
    way: str,
    known: Mapping[str, int],
    generator: torch.Generator,
) -> Tensor:
    if way not in WAYS:
        raise ValueError(f"{name}: unknown way of drawing {way!r}; there are {sorted(WAYS)}")
    tensor = WAYS[way](shape, known, generator)
    if way == "normal" and name.endswith("_weight") and len(shape) > 1:
        return tensor / math.sqrt(shape[-1])
    return tensor


Way = Callable[[tuple[int, ...], Mapping[str, int], torch.Generator], Tensor]


def _normal(shape: tuple[int, ...], _: Mapping[str, int], generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def _fan_in(shape: tuple[int, ...], known: Mapping[str, int], generator: torch.Generator) -> Tensor:
    return _normal(shape, known, generator) / math.sqrt(shape[-1])


def _rows(shape: tuple[int, ...], known: Mapping[str, int], generator: torch.Generator) -> Tensor:
    return _normal(shape, known, generator).softmax(dim=-1)


def _unit(shape: tuple[int, ...], _: Mapping[str, int], generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator, dtype=torch.float64)


def _ones(shape: tuple[int, ...], _: Mapping[str, int], generator: torch.Generator) -> Tensor:
    return 1 + 0.1 * torch.randn(shape, generator=generator, dtype=torch.float64)


def _coin(shape: tuple[int, ...], _: Mapping[str, int], generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator) < 0.7


def _count(shape: tuple[int, ...], _: Mapping[str, int], __: torch.Generator) -> Tensor:
    return torch.arange(shape[-1]).expand(shape).clone()


def _lengths(
    shape: tuple[int, ...], known: Mapping[str, int], generator: torch.Generator
) -> Tensor:
    longest = known.get("max_length", known["keys"])
    return torch.randint(1, longest + 1, shape, generator=generator)


def _documents(shape: tuple[int, ...], _: Mapping[str, int], generator: torch.Generator) -> Tensor:
    return torch.randint(0, 3, shape, generator=generator).sort(-1).values


def _pages(shape: tuple[int, ...], known: Mapping[str, int], generator: torch.Generator) -> Tensor:
    return torch.randperm(known["pages"], generator=generator)[: math.prod(shape)].reshape(shape)


def _tree(shape: tuple[int, ...], _: Mapping[str, int], generator: torch.Generator) -> Tensor:
    """Parents of a random tree: node 0 is the root (-1), every other parent comes earlier."""
    parents = [int(torch.randint(0, max(i, 1), (), generator=generator)) for i in range(shape[-1])]
    return torch.tensor([-1, *parents[1:]]).expand(shape).clone()


WAYS: dict[str, Way] = {
    "normal": _normal,  # standard normal
    "fan_in": _fan_in,  # normal over the square root of the last dimension, as weights are
    "rows": _rows,  # attention weights: rows are positive and sum to one
    "unit": _unit,  # uniform in [0, 1)
    "ones": _ones,  # around one: the gains of a norm
    "coin": _coin,  # booleans
    "count": _count,  # 0, 1, 2, ...: positions
    "lengths": _lengths,  # 1 .. keys (or max_length)
    "documents": _documents,  # document numbers, rising
    "pages": _pages,  # distinct page numbers below `pages`
    "tree": _tree,  # index of each node's parent
}
