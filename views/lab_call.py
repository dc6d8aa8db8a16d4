"""One call of a variant, recorded stage by stage, as maps. Imports torch: for the lab alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

import attention
from attention.inputs import SIZES, draw, shapes
from attention.stages import record
from views.charts.heatmap import THUMBNAIL_SIDE
from views.charts.tiles import Array, block_factor, block_maximum, bounds
from views.lab_axes import SCORES, axes_of, base_of
from views.lab_setup import MASKS, MAX_CELLS, Knobs, Mask, Setup, cells_of
from views.lab_temper import PARAMETERS, factor_of, find_steer, steered

_NAME = re.compile(r"[A-Za-z_]\w*")
PER_KEY_MASKS = ("none", "padding", "random")
ATTENDED = ("key", "block", "landmark", "mixture", "point")  # what a row of weights is shared among
ROW_SUM = 1e-2  # how far a row of weights may be from one: half precision's rounding
# What a variant may raise when sizes, parameters and masks do not fit together.
REFUSALS = (ValueError, RuntimeError, IndexError, TypeError, ArithmeticError, KeyError)


@dataclass(frozen=True)
class Stage:
    """A named tensor on the way: its map stack (n, R, C) beside its true shape and dtype.

    `axes` says what each dimension is, as `views.lab_axes` names them.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    maps: Array
    labels: tuple[tuple[int, ...], ...]
    axes: tuple[str, ...] = ()

    @property
    def base(self) -> str:
        """The name without the number of a repetition: "weights 2" is "weights"."""
        return base_of(self.name)

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest finite value."""
        return bounds(self.maps)

    @property
    def signed(self) -> bool:
        """Whether any finite value is negative: zero belongs in the middle of the colours then."""
        return self.bounds[0] < 0

    @cached_property
    def small(self) -> Array:
        """The first map, reduced for a thumbnail."""
        rows, columns = self.maps.shape[1:]
        factor = block_factor(rows, columns, THUMBNAIL_SIDE)
        return block_maximum(self.maps[:1], factor, magnitude=self.signed)

    @property
    def is_pairwise(self) -> bool:
        """Whether rows are queries and columns are keys."""
        return self.axes[-2:] == ("query", "key")

    @cached_property
    def is_shared_out(self) -> bool:
        """Whether every row says how one query's attention is shared out."""
        rows = bool(self.axes) and self.axes[-1] in ATTENDED and "float" in self.dtype
        return rows and self.base not in SCORES and are_shares(self.maps)


@dataclass(frozen=True)
class Call:
    """What a variant did: inputs as drawn, stages in order; or why it could not (`refusal`).

    `recorded` are the stages that the variant noted itself. `factor` is what the lab multiplied
    the scores by on their way to "scaled"; the stages in `early` come before that. `own` says that
    some inputs were not drawn.
    """

    stages: dict[str, Stage] = field(default_factory=dict)
    inputs: dict[str, Tensor] = field(default_factory=dict)
    recorded: frozenset[str] = frozenset()
    refusal: str = ""
    factor: float = 1.0
    own: bool = False
    early: frozenset[str] = frozenset()


@lru_cache(maxsize=256)
def knobs(name: str) -> Knobs:
    """What can be chosen for a variant. KeyError if there is none of that name."""
    variant = attention.variants()[name]
    function = attention.load(name)
    names = _words(name)
    if "batch" in names and "heads" not in names and "*batch" in " ".join(_required(name).values()):
        names |= {"heads"}
    if "batch" not in variant.sizes:
        names -= {"batch"}
    defaults = {**SIZES, **variant.sizes}
    sizes = {n: d for n, d in defaults.items() if n in names and n not in variant.parameters}
    kinds = _mask_kinds(shapes(function).get("mask", ""))
    own = {key: entry["default"] for key, entry in variant.parameters.items()}
    steer = find_steer(function, draw(function, dtype=torch.float64), own)
    added = PARAMETERS if steer else {}
    return Knobs(variant, sizes, kinds, frozenset(_required(name)), steer, added)


@lru_cache(maxsize=256)
def _required(name: str) -> dict[str, str]:
    """The tensors that a variant must be given, with their annotated shapes."""
    function = attention.load(name)
    known = shapes(function)
    return {argument: known[argument] for argument in draw(function)}


def _words(name: str) -> frozenset[str]:
    """The dimension names in the annotations of a variant's required tensors."""
    return frozenset(_NAME.findall(" ".join(_required(name).values())))


def _mask_kinds(shape: str) -> tuple[str, ...]:
    """The masks that fit a `mask` argument of this annotated shape; none without a mask."""
    words = [word.lstrip("#") for word in shape.split()]
    if not words:
        return ()
    return MASKS if len(words) > 1 and words[-2] in ("queries", "length") else PER_KEY_MASKS


def run(
    setup: Setup,
    *,
    other: bool = False,
    given: Mapping[str, Tensor] | None = None,
    sizes: Mapping[str, int] | None = None,
) -> Call:
    """Call the set-up's variant (or its `other`) on drawn inputs; never raises.

    Tensors in `given` stand in for drawn ones of the same name and shape; `sizes` are dimensions
    that count beside those of the set-up.
    """
    name = setup.other if other else setup.variant
    parameters = setup.other_parameters if other else setup.parameters
    try:
        if cells_of(setup.sizes, parameters) > MAX_CELLS:
            raise ValueError(f"more than {MAX_CELLS:,} cells")
        inputs = _inputs(name, setup, parameters, given or {}, sizes or {})
        return _record(name, inputs, parameters)
    except REFUSALS as error:
        return Call(refusal=str(error).strip() or type(error).__name__)


def _record(name: str, inputs: dict[str, Tensor], parameters: Mapping[str, Any]) -> Call:
    """The call itself. Scale and temperature, where they are the lab's, take a second one."""
    known, function = knobs(name), attention.load(name)
    own = {key: value for key, value in parameters.items() if key not in known.added}
    added = {key: value for key, value in parameters.items() if key in known.added}
    with torch.no_grad(), record() as notes:
        output, weights = function(**inputs, **own)
    if not added or added == {key: entry["default"] for key, entry in known.added.items()}:
        return Call(_stages(name, inputs, notes, output, weights), inputs, frozenset(notes))
    factor = factor_of(notes, added)
    with torch.no_grad(), record() as changed:
        output, weights = function(**steered(inputs, known.steer, factor), **own)
    # What comes before the scaling is shown as it is without this way of getting there.
    names = list(notes)
    early = set(names[: names.index("scaled")])
    notes = {n: notes[n] if n in early else tensor for n, tensor in changed.items()}
    stages = _stages(name, inputs, notes, output, weights)
    return Call(stages, inputs, frozenset(notes), factor=factor, early=frozenset(early))


def _inputs(
    name: str,
    setup: Setup,
    parameters: Mapping[str, Any],
    given: Mapping[str, Tensor],
    more: Mapping[str, int],
) -> dict[str, Tensor]:
    function = attention.load(name)
    known = shapes(function)
    sizes = {**sizes_for_draw(name, setup.sizes, parameters), **more}
    inputs = draw(function, sizes, setup.seed, getattr(torch, setup.dtype))
    for argument, tensor in inputs.items():
        if argument in given and given[argument].shape == tensor.shape:
            inputs[argument] = given[argument]
    if "mask" in given and "mask" in known and "mask" not in inputs:
        inputs["mask"] = given["mask"]
    elif setup.mask.kind in _mask_kinds(known.get("mask", "")) and setup.mask.kind != "none":
        inputs["mask"] = make_mask(setup.mask, known["mask"], sizes, setup.seed)
    return inputs


def sizes_for_draw(
    name: str, sizes: Mapping[str, int], parameters: Mapping[str, Any]
) -> dict[str, int]:
    """The sizes that `attention.inputs.draw` is given: the variant's own, named as it names them.

    Whole parameters such as `num_heads` are among them, since a shape may depend on them; heads
    are the batch of a variant whose leading dimensions are free.
    """
    known = knobs(name)
    drawn = {n: size for n, size in sizes.items() if n in known.sizes}
    drawn |= {key: value for key, value in parameters.items() if type(value) is int}
    if "heads" in known.sizes and "heads" not in _words(name):
        drawn["batch"] = drawn.pop("heads")
    return drawn


def make_mask(mask: Mask, shape: str, sizes: Mapping[str, int], seed: int) -> Tensor:
    """A mask that fits the annotated `shape`: (1, …, queries, keys), or (batch, keys)."""
    words = [word.lstrip("#") for word in shape.split()]
    keys = sizes[words[-1]]
    per_key = _mask_kinds(shape) == PER_KEY_MASKS
    allowed = pairs(mask, 1 if per_key else sizes[words[-2]], keys, seed)
    if per_key:
        return allowed.expand(sizes.get("batch", 1), keys)
    ones = [1 for word in words[:-2] if not word.startswith("*")]
    return allowed.reshape(*ones, *allowed.shape)


def pairs(mask: Mask, queries: int, keys: int, seed: int) -> Tensor:
    """(queries, keys) booleans, True where a query may attend to a key; causal is bottom-right."""
    i = torch.arange(queries)[:, None] + (keys - queries)  # the queries are the last positions
    j = torch.arange(keys)[None, :]
    if mask.kind == "causal":
        return j <= i
    if mask.kind == "window":
        return (j <= i) & (j > i - mask.window)
    if mask.kind == "padding":
        return (j < mask.valid).expand(queries, keys)
    if mask.kind == "random":
        generator = torch.Generator().manual_seed(seed)
        return torch.rand(queries, keys, generator=generator) < mask.keep
    return torch.ones(queries, keys, dtype=torch.bool)


def _stages(
    variant: str,
    inputs: Mapping[str, Tensor],
    notes: Mapping[str, Tensor],
    output: Tensor,
    weights: Any,
) -> dict[str, Stage]:
    """Inputs that are no weights of a layer, then what was recorded, then what was returned."""
    order = {n: x for n, x in inputs.items() if not n.endswith("_weight") and n != "mask"}
    order = {name: tensor for name, tensor in order.items() if name not in notes}
    for name, tensor in notes.items():
        if "mask" in inputs and "mask" not in order and name in ("masked", "weights"):
            order["mask"] = inputs["mask"]
        order[name] = tensor
    if isinstance(weights, Tensor):
        order.setdefault("weights", weights)
    order.setdefault("output", output)
    if list(order)[-1] == "weights":  # noted on return, after the output that they made
        order["output"] = order.pop("output")
    return {n: as_stage(n, tensor, variant) for n, tensor in order.items() if tensor.numel()}


def are_shares(maps: Array) -> bool:
    """Whether no number is negative and every row sums to one, or to zero: nothing to attend to."""
    if not (maps >= 0).all():
        return False
    sums = maps.sum(-1)
    return bool(((np.abs(sums - 1) < ROW_SUM) | (sums < ROW_SUM)).all())


def as_stage(name: str, tensor: Tensor, variant: str = "") -> Stage:
    """A tensor of any rank as a stack of maps: the last two axes are the map."""
    plain = tensor.detach()
    maps = plain.to(torch.float32).reshape(-1, *_last_two(plain.shape)).numpy()
    leading = plain.shape[:-2]
    labels = tuple(np.ndindex(*leading)) if len(leading) else ((),)
    shape, dtype = tuple(plain.shape), str(plain.dtype).removeprefix("torch.")
    axes = axes_of(variant, name, len(shape)) if variant else ()
    return Stage(name, shape, dtype, maps, labels, axes)


def _last_two(shape: tuple[int, ...]) -> tuple[int, int]:
    rows = shape[-2] if len(shape) > 1 else 1
    return rows, (shape[-1] if len(shape) else 1)
