"""What the Cost view and the benchmark call at each length. Torch, but no Streamlit.

A variant that promises less than quadratic memory is called in the way that keeps the promise,
named here; every other one as it stands in `attention`, with its default parameters.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

import attention
from attention import gated_delta as deltas
from attention import gated_linear as gates
from attention import retention as retentions
from attention import state_space_dual as dual
from attention.flash import flash
from attention.flash_backward import flash_backward
from attention.induced_set import induced_set
from attention.inputs import draw
from attention.linear_chunked import linear_chunked
from attention.merge_partial import merge_partial
from attention.nystrom import nystrom
from attention.performer import performer
from attention.sliding_window import by_blocks
from views.lab_call import knobs, sizes_for_draw
from views.lab_cost_measure import Work
from views.lab_cost_setup import FUSED

WINDOW, TILE, CHUNK, POINTS = 256, 256, 64, 64
LENGTHS = ("length", "queries", "keys")  # the dimensions that grow
Method = Callable[[Tensor, Tensor, Tensor], object]


def fused_kernel(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(query, key, value, is_causal=True)


def flash_tiles(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return flash(query, key, value, block_size=TILE, causal=True)[0]


def flash_and_backward(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    with torch.enable_grad():
        query, key, value = (x.detach().requires_grad_() for x in (query, key, value))
        output, _ = flash_backward(query, key, value, TILE, True)
        torch.autograd.grad(output.sum(), (query, key, value))
    return output.detach()


def merged(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return merge_partial(query, key, value, parts=4, block_size=TILE)[0]


def window_by_blocks(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return by_blocks(query, key, value, WINDOW)


def linear_by_chunks(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return linear_chunked(query, key, value, CHUNK)[0]


def retention_by_chunks(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return retentions.chunked(query, key, value, CHUNK)


def gated_by_chunks(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return gates.chunked(query, key, value, query, 16)


def delta_by_chunks(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return deltas.chunked(query, key, value, query[..., 0], query[..., 1], CHUNK)


def dual_by_chunks(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return dual.chunked(query, key, value, query[..., 0], CHUNK)


def random_features(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    dim = query.shape[-1]
    projection = torch.randn(4 * dim, dim, generator=torch.Generator().manual_seed(0))
    return performer(query, key, value, projection, need_weights=False)[0]


def through_landmarks(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return nystrom(query, key, value, POINTS, need_weights=False)[0]


def through_points(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    dim = query.shape[-1]
    points = torch.randn(POINTS, dim, generator=torch.Generator().manual_seed(0))
    return induced_set(query, key, value, points, need_weights=False)[0]


LEAN: dict[str, Method] = {
    FUSED: fused_kernel,
    "flash": flash_tiles,
    "flash_backward": flash_and_backward,
    "merge_partial": merged,
    "sliding_window": window_by_blocks,
    "linear_chunked": linear_by_chunks,
    "retention": retention_by_chunks,
    "gated_linear": gated_by_chunks,
    "gated_delta": delta_by_chunks,
    "state_space_dual": dual_by_chunks,
    "performer": random_features,
    "nystrom": through_landmarks,
    "induced_set": through_points,
}


def prepare(name: str, heads: int, dim: int, length: int) -> Work:
    """The call of a variant (or of FUSED) on drawn inputs: batch 1, float32, all keys as queries.

    Raises ValueError, or what the variant raises, where it cannot have these sizes.
    """
    if name in LEAN:
        return functools.partial(LEAN[name], *draw_three(heads, dim, length))
    function = attention.load(name)
    inputs = draw(function, sizes_of(name, heads, dim, length))
    return functools.partial(function, **inputs, **parameters_of(name, heads))


def draw_three(heads: int, dim: int, length: int) -> tuple[Tensor, Tensor, Tensor]:
    """Query, key and value (1, heads, length, dim), standard normal."""
    generator = torch.Generator().manual_seed(0)
    query, key, value = torch.randn(3, 1, heads, length, dim, generator=generator).unbind()
    return query, key, value


def measurable(name: str) -> bool:
    """Whether a variant has a length that can grow (an image or a table of pages has none)."""
    sizes = knobs(name).sizes.keys()
    return "length" in sizes or {"queries", "keys"} <= sizes


def sizes_of(name: str, heads: int, dim: int, length: int) -> dict[str, int]:
    """Sizes for `attention.inputs.draw`: the length wherever one stands, heads and width alike."""
    model = heads * dim
    widths = {"dim": dim, "value_dim": dim, "model": model, "context_dim": model}
    chosen = {**dict.fromkeys(LENGTHS, length), **widths, "heads": heads, "kv_heads": heads}
    sizes = {key: chosen.get(key, size) for key, size in knobs(name).sizes.items()}
    return sizes_for_draw(name, sizes, parameters_of(name, heads))


def parameters_of(name: str, heads: int) -> dict[str, Any]:
    """The variant's default parameters, with the chosen number of heads."""
    entries = attention.variants()[name].parameters
    own = {key: entry["default"] for key, entry in entries.items()}
    return {**own, **({"num_heads": heads} if "num_heads" in own else {})}


def code(name: str, heads: int, dim: int) -> str:
    """Lines that define `prepare(length)`, which gives the measured call, for a notebook."""
    if name in LEAN:
        body = inspect.getsource(LEAN[name])
        call = f"functools.partial({LEAN[name].__name__}, *draw_three({heads}, {dim}, length))"
        return f"{body}\n\ndef prepare(length):\n    return {call}\n"
    sizes = {key: f"{size}" for key, size in sizes_of(name, heads, dim, 8).items()}
    sizes |= dict.fromkeys(sizes.keys() & set(LENGTHS), "length")
    entries = ", ".join(f'"{key}": {size}' for key, size in sizes.items())
    own = "".join(f", {key}={value!r}" for key, value in parameters_of(name, heads).items())
    return (
        "def prepare(length):\n"
        f"    function = attention.load({name!r})\n"
        f"    inputs = draw(function, {{{entries}}})\n"
        f"    return functools.partial(function, **inputs{own})\n"
    )
