"""What is selected in the Cost view, and how it stands in a link. No torch and no Streamlit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from views.lab_cost_models import CONTEXTS, MODELS, STORED
from views.lab_reader import Reader

FUSED = "fused_kernel"  # torch's own, beside the variants
LONGEST = ("512", "1024", "2048", "4096", "8192", "16384")
WIDTHS = ("16", "32", "64", "128")
MOST = 6  # lines in a chart, each with a colour and a marker of its own
MAX_HEADS = 32
MAX_BATCH = 1024
_STEPS = 4  # doublings up to the longest length
_SHORTEST = 64


@dataclass(frozen=True)
class Cost:
    """What is measured, and whose KV cache is drawn."""

    names: tuple[str, ...] = ("scaled_dot_product", FUSED, "flash", "sliding_window")
    longest: int = 2048
    heads: int = 4
    dim: int = 64
    models: tuple[str, ...] = ("llama-2-7b", "llama-3.1-8b", "llama-3.1-70b", "deepseek-v3")
    context: int = 32768
    batch: int = 1
    stored: str = STORED[0]

    @property
    def lengths(self) -> tuple[int, ...]:
        """The lengths to measure at, each twice the one before."""
        steps = range(_STEPS, -1, -1)
        return tuple(n for n in (self.longest >> step for step in steps) if n >= _SHORTEST)


STANDARD = Cost()


def read(reader: Reader, names: Sequence[str]) -> Cost:
    """The Cost view's part of a query; `names` are the variants there are."""
    standard = STANDARD
    return Cost(
        names=several(reader, "cost", standard.names, {FUSED, *names}),
        longest=int(reader.choice("cost_longest", LONGEST, str(standard.longest))),
        heads=reader.whole("cost_heads", standard.heads, 1, MAX_HEADS),
        dim=int(reader.choice("cost_dim", WIDTHS, str(standard.dim))),
        models=several(reader, "cost_models", standard.models, MODELS),
        context=int(reader.choice("cost_context", [*map(str, CONTEXTS)], str(standard.context))),
        batch=reader.whole("cost_batch", standard.batch, 1, MAX_BATCH),
        stored=reader.choice("cost_stored", STORED, standard.stored),
    )


def several(
    reader: Reader, name: str, standard: tuple[str, ...], known: Iterable[str]
) -> tuple[str, ...]:
    """Names with commas between them, each known, once, and at most MOST; "-" for none at all."""
    text = reader.text(name, ",".join(standard))
    if text == "-":
        return ()
    asked = tuple(dict.fromkeys(text.split(",")))
    found = tuple(n for n in asked if n in set(known))[:MOST]
    if found != asked:
        reader.complain(name, text, ",".join(found) or ",".join(standard))
    return found or standard


def write(cost: Cost) -> dict[str, str]:
    """The query that opens the Cost view again with this selection."""
    return {
        "tab": "cost",
        "cost": ",".join(cost.names) or "-",
        "cost_longest": str(cost.longest),
        "cost_heads": str(cost.heads),
        "cost_dim": str(cost.dim),
        "cost_models": ",".join(cost.models) or "-",
        "cost_context": str(cost.context),
        "cost_batch": str(cost.batch),
        "cost_stored": cost.stored,
    }
