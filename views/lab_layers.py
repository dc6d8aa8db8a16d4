"""Several layers of heads: weights of own making or of a stack of drawn layers, and rollout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from attention.rollout import rollout
from views.charts.tiles import Array
from views.lab_call import Call, are_shares, run
from views.lab_own_read import Unfit
from views.lab_setup import MAX_CELLS, Setup, cells_of


@dataclass(frozen=True)
class Stack:
    """Weights (layers, heads, queries, keys).

    `kind` says how they came about: "own", "chained" where each layer read what the one before
    wrote, or "drawn" where every layer had inputs of its own.
    """

    weights: Array
    kind: str

    @cached_property
    def maps(self) -> Array:
        """All maps one after the other, layer by layer."""
        return self.weights.reshape(-1, *self.weights.shape[2:])


def of_own(tensor: Tensor) -> Stack:
    """Weights that somebody uploaded: (heads, L, L), (layers, heads, L, L), a batch of 1 allowed.

    Raises Unfit for other shapes, and for numbers that are no weights.
    """
    if tensor.ndim == 5 and tensor.shape[1] == 1:
        tensor = tensor[:, 0]
    if tensor.ndim == 3:
        tensor = tensor[None]
    if tensor.ndim != 4:
        raise Unfit("rank", name="weights", shape=tuple(tensor.shape), wanted="layers heads L L")
    if not tensor.is_floating_point():
        raise Unfit("wants_float", name="weights", dtype=str(tensor.dtype).removeprefix("torch."))
    if tensor.numel() > MAX_CELLS:
        raise Unfit("cells", count=f"{tensor.numel():,}", limit=f"{MAX_CELLS:,}")
    return Stack(tensor.to(torch.float32).numpy(), "own")


def drawn(setup: Setup) -> Stack | str:
    """A stack of `setup.layers` layers of the variant, or why there is none.

    Layer i draws with seed + i. Where the variant maps an input x to an output of the same shape,
    layer i + 1 reads LayerNorm(x + output) of layer i, as in a transformer without feed-forward.
    """
    cells = setup.layers * cells_of(setup.sizes, setup.parameters)
    if cells > MAX_CELLS:
        return f"{cells:,} > {MAX_CELLS:,}"
    weights: list[Array] = []
    given: dict[str, Tensor] = {}
    chained = False
    for layer in range(setup.layers):
        call = run(replace(setup, seed=setup.seed + layer), given=given)
        if call.refusal or "weights" not in call.stages:
            return call.refusal
        weights.append(call.stages["weights"].maps)
        following = _following(call)
        chained = following is not None
        given = {"x": following} if following is not None else {}
        given |= {"mask": call.inputs["mask"]} if "mask" in call.inputs else {}
    return Stack(np.stack(weights), "chained" if chained else "drawn")


def _following(call: Call) -> Tensor | None:
    """What the next layer reads, None where the output cannot be its input."""
    x, output = call.inputs.get("x"), call.stages.get("projected", call.stages["output"])
    if x is None or output.shape != tuple(x.shape):
        return None
    wrote = torch.from_numpy(output.maps.reshape(output.shape)).to(x.dtype)
    return torch.nn.functional.layer_norm(x + wrote, x.shape[-1:])


def rolled_out(stack: Stack) -> Array:
    """Rollout after each layer, (layers, L, L). Raises Unfit where it is not defined."""
    weights = stack.weights
    if weights.shape[2] != weights.shape[3]:
        raise Unfit("not_square", shape=weights.shape[2:])
    if not are_shares(weights):
        raise Unfit("no_weights")
    _, mixing = rollout(torch.from_numpy(np.ascontiguousarray(weights[:, None])))
    total = torch.eye(weights.shape[-1])
    steps = []
    for layer in mixing[:, 0]:
        total = layer @ total
        steps.append(total)
    return torch.stack(steps).numpy()


def uploaded(tensors: Mapping[str, Tensor] | None) -> Tensor | None:
    """The tensor in a file that is shown as weights."""
    found = (tensors or {}).get("weights")
    return found if found is not None and found.ndim >= 3 else None
