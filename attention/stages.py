"""Recording of the tensors on the way from inputs to output.

A variant marks its steps with `stage`, which costs nothing unless somebody records:

    with record() as stages:
        output, weights = scaled_dot_product(query, key, value)
    stages["scores"].shape

Standard names, in order: query, key, value, scores, scaled, biased, masked, weights, output.
A name that comes again (two branches, say) is numbered: "weights", "weights 2".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from torch import Tensor

_notes: ContextVar[dict[str, Tensor] | None] = ContextVar("attention_stages", default=None)


def stage(name: str, tensor: Tensor) -> Tensor:
    """Return `tensor` unchanged, noting it under `name` if a recording is on."""
    notes = _notes.get()
    if notes is not None:
        count = 2
        label = name
        while label in notes:
            label = f"{name} {count}"
            count += 1
        notes[label] = tensor
    return tensor


@contextmanager
def record() -> Iterator[dict[str, Tensor]]:
    """Collect the stages of every call inside the block, in the order in which they happen.

    The tensors are the live ones, with their graph: detach them before drawing. A recording
    belongs to its thread or task; an inner one hides the outer.
    """
    notes: dict[str, Tensor] = {}
    token = _notes.set(notes)
    try:
        yield notes
    finally:
        _notes.reset(token)


@contextmanager
def silent() -> Iterator[None]:
    """Note nothing inside the block: for loops whose many small steps nobody can look at."""
    token = _notes.set(None)
    try:
        yield
    finally:
        _notes.reset(token)
