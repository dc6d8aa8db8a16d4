"""What is selected in the lab, as data and as a link. No torch and no Streamlit.

A `Setup` is everything that decides what the page shows; `read` makes one from the query of an
address, with a complaint for every value that is no good, and `write` is its inverse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from attention import Variant, variants
from views import lab_code_setup, lab_cost_setup, lab_text_setup
from views.charts.heatmap import Zoom
from views.lab_code_setup import NONE, Code
from views.lab_cost_setup import STANDARD, Cost
from views.lab_reader import Complaint, Reader, word
from views.lab_text_setup import STANDARD as STANDARD_TEXT
from views.lab_text_setup import Text

TABS = ("stages", "heads", "compare", "claims", "text", "train", "cost")
CLAIMS = ("scale", "fill", "empty", "corner", "distance", "sinks", "needle")
CLAIM_BASES = ("100", "10000", "500000")
CLAIM_RANKS = ("1", "2", "4", "8", "16", "32")
CLAIM_WIDTHS = ("4", "16", "64", "256", "1024")
CLAIM_PRECISIONS = ("float16", "bfloat16", "float32")
TRAIN_HEADS = ("1", "2", "4")
MASKS = ("none", "causal", "padding", "window", "random")
DTYPES = ("float32", "float64", "bfloat16", "float16")
FIRST = "scaled_dot_product"
SECOND = "sliding_window"  # what a variant is compared with at first, where the two fit
MAX_SEED = 2**31 - 1
MAX_LAYERS = 32
MAX_CELLS = 2**24  # of one stage: a map of 4096 × 4096, or 16 of 1024 × 1024
# Names in a link that mean something for every variant; a parameter of that name is prefixed.
_RESERVED = {"variant", "tab", "mask", "mask_window", "mask_valid", "mask_keep", "seed", "dtype"}
_RESERVED |= {"stage", "head", "zoom", "with", "lang", "problem", "submission", "check"}
_RESERVED |= {
    "claim",
    "claim_width",
    "claim_precision",
    "claim_base",
    "claim_rank",
    "train_heads",
    "step",
}
_RESERVED |= {"text", "text_head", "text_model", "token"}
_RESERVED |= {"own", "stack", "rollout", "code", "code_of", "code_inputs", "code_example"}
_RESERVED |= {"cost", "cost_longest", "cost_heads", "cost_dim"}
_RESERVED |= {"cost_models", "cost_context", "cost_batch", "cost_stored"}
_LONGEST = {"queries": 4096, "keys": 4096, "length": 4096, "heads": 64, "kv_heads": 64}
_LARGEST = 1024
# Which size of a variant must be a multiple of which other value, or of a number.
_MULTIPLES: dict[str, tuple[tuple[str, str | int], ...]] = {
    "vit_patch": (("height", "patch"), ("width", "patch")),
    "shifted_window": (("height", "window"), ("width", "window")),
    "bigbird": (("length", "block_size"),),
    "moba": (("length", "block_size"),),
    "nystrom": (("length", "num_landmarks"),),
    "ring": (("length", "devices"),),
    "rotary_scaled": (("dim", 2),),
    "rotary_2d": (("dim", 4),),
    "multi_head_latent": (("rope", 2),),
    "multi_head_latent_absorbed": (("rope", 2),),
    "disentangled": (("distances", 2),),
}


@dataclass(frozen=True)
class Knobs:
    """What can be chosen for a variant: its sizes with defaults, and the masks it takes.

    `added` are parameters that the lab offers on top, by multiplying the input `steer`.
    """

    variant: Variant
    sizes: dict[str, int]
    masks: tuple[str, ...]
    tensors: frozenset[str] = frozenset()
    steer: str = ""
    added: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def data(self) -> frozenset[str]:
        """The input tensors that are no weights of a layer."""
        return frozenset(name for name in self.tensors if not name.endswith("_weight"))

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        """The variant's own parameters, as its VARIANT describes them, and those added here."""
        return self.variant.parameters | self.added

    def defaults(self) -> dict[str, Any]:
        """The default of every parameter."""
        return {name: entry["default"] for name, entry in self.parameters.items()}


@dataclass(frozen=True)
class Mask:
    """Which keys a query may attend to; each number counts for the kind of its name only."""

    kind: str = "none"
    window: int = 3
    valid: int = 6
    keep: float = 0.7


@dataclass(frozen=True)
class Setup:
    """Everything that is selected in the lab."""

    variant: str
    sizes: dict[str, int]
    parameters: dict[str, Any]
    mask: Mask = Mask()
    seed: int = 0
    dtype: str = "float32"
    tab: str = "stages"
    stage: str = "weights"
    head: int | None = None
    zoom: Zoom | None = None
    other: str = ""
    other_parameters: dict[str, Any] = field(default_factory=dict)
    claim: str = CLAIMS[0]
    claim_width: int = 64
    claim_precision: str = CLAIM_PRECISIONS[0]
    claim_base: int = 10000
    claim_rank: int = 8
    train_heads: int = 2
    step: int | None = None
    text: Text = STANDARD_TEXT
    cost: Cost = STANDARD
    code: Code = NONE
    own: str = ""
    layers: int = 1
    rollout: bool = False


def comparable(first: Knobs, second: Knobs) -> bool:
    """Whether two variants can be given the same tensors: one needs all that the other does."""
    return first.data <= second.data or second.data <= first.data


def usual_other(knobs: Knobs, names: Sequence[str], knobs_of: Callable[[str], Knobs]) -> str:
    """What a variant is compared with unless something else is asked for: else with itself."""
    name: str = knobs.variant.name
    fits = SECOND in names and name != SECOND and comparable(knobs, knobs_of(SECOND))
    return SECOND if fits else name


def without_code(setup: Setup) -> Setup:
    """The same set-up comparing variants, not the user's code."""
    return replace(setup, code=NONE)


def largest_size(name: str) -> int:
    """The largest size that may be chosen for a dimension."""
    return _LONGEST.get(name, _LARGEST)


def read(
    query: Mapping[str, str], names: list[str], knobs_of: Callable[[str], Knobs]
) -> tuple[Setup, list[Complaint]]:
    """The set-up that a query asks for, and what had to be replaced by a default.

    `names` are the variants there are, `knobs_of` tells what can be chosen for one of them.
    """
    reader = _Reader(query)
    first = FIRST if FIRST in names else names[0]
    knobs = knobs_of(reader.choice("variant", names, first))
    tab = reader.choice("tab", TABS, TABS[0])
    asked_other = query.get("with") or tab == "compare"
    usual = usual_other(knobs, names, knobs_of) if asked_other else ""
    other = reader.choice("with", names, usual) if asked_other else ""
    if other and not comparable(knobs, knobs_of(other)):
        other = str(reader.complain("with", other, usual))
    others = knobs_of(other) if other else None
    sizes = {**(others.sizes if others else {}), **knobs.sizes}
    setup = Setup(
        variant=knobs.variant.name,
        sizes={n: reader.whole(n, d, 1, largest_size(n)) for n, d in sizes.items()},
        parameters=reader.parameters(knobs, ""),
        mask=reader.mask(knobs),
        seed=reader.whole("seed", 0, 0, MAX_SEED),
        dtype=reader.choice("dtype", DTYPES, DTYPES[0]),
        tab=tab,
        stage=reader.text("stage", "weights"),
        head=reader.optional("head"),
        zoom=reader.zoom(),
        other=other,
        other_parameters=reader.parameters(others, "with.") if others else {},
        claim=reader.choice("claim", CLAIMS, CLAIMS[0]),
        claim_width=int(reader.choice("claim_width", CLAIM_WIDTHS, "64")),
        claim_precision=reader.choice("claim_precision", CLAIM_PRECISIONS, CLAIM_PRECISIONS[0]),
        claim_base=int(reader.choice("claim_base", CLAIM_BASES, "10000")),
        claim_rank=int(reader.choice("claim_rank", CLAIM_RANKS, "8")),
        train_heads=int(reader.choice("train_heads", TRAIN_HEADS, "2")),
        step=reader.optional("step"),
        text=lab_text_setup.read(reader),
        cost=lab_cost_setup.read(reader, names),
        code=lab_code_setup.read(reader),
        own=reader.digest("own"),
        layers=reader.whole("stack", 1, 1, MAX_LAYERS),
        rollout=reader.choice("rollout", ("off", "on"), "off") == "on",
    )
    return setup, reader.finish()


def write(setup: Setup, knobs: Knobs, others: Knobs | None = None) -> dict[str, str]:
    """The query that opens this set-up again. Only what counts for it is named."""
    if setup.tab == "claims":
        return _claim_words(setup)
    if setup.tab == "text":
        return lab_text_setup.write(setup.text)
    if setup.tab == "train":
        return _train_words(setup)
    if setup.tab == "cost":
        return lab_cost_setup.write(setup.cost)
    if setup.tab == "compare" and setup.code.slug:
        picked = {} if setup.stage == "weights" else {"stage": setup.stage}
        return lab_code_setup.write(setup.code, setup.seed) | picked | _part_words(setup)
    sizes = knobs.sizes | (others.sizes if others else {})
    query = {"variant": setup.variant, "tab": setup.tab}
    query |= {name: word(setup.sizes[name]) for name in sizes if name in setup.sizes}
    given = setup.parameters
    query |= {_key(n): word(given[n]) for n in knobs.parameters if n in given}
    if setup.mask.kind != "none" and setup.mask.kind in knobs.masks:
        query |= _mask_words(setup.mask)
    query["seed"] = str(setup.seed)
    if setup.dtype != DTYPES[0]:
        query["dtype"] = setup.dtype
    query["stage"] = setup.stage
    query |= _part_words(setup)
    if setup.own and setup.tab in ("stages", "heads"):
        query["own"] = setup.own
    if setup.tab == "heads":
        query |= {"stack": str(setup.layers)} if setup.layers > 1 else {}
        query |= {"rollout": "on"} if setup.rollout else {}
    if others is not None:
        query["with"] = setup.other
        given = setup.other_parameters
        query |= {f"with.{_key(n)}": word(given[n]) for n in others.parameters if n in given}
    return query


def cells_of(sizes: Mapping[str, int], parameters: Mapping[str, Any]) -> int:
    """Cells of one stage, about: heads × queries × keys."""
    length = sizes.get("length", 1)
    heads = max(sizes.get("heads", 1), int(parameters.get("num_heads", 1)))
    return heads * max(length, sizes.get("queries", 1)) * max(length, sizes.get("keys", 1))


def misfit(setup: Setup) -> tuple[str, dict[str, Any]] | None:
    """The usual way in which sizes do not fit together, as a key of the words and its values.

    Text among the values is the name of a size or a parameter.
    """
    if (cells := cells_of(setup.sizes, setup.parameters)) > MAX_CELLS:
        return "cells", {"cells": f"{cells:,}", "limit": f"{MAX_CELLS:,}"}
    heads, shared = setup.sizes.get("heads"), setup.sizes.get("kv_heads")
    if heads and shared and heads % shared:
        return "kv_heads", {"heads": heads, "kv_heads": shared}
    count, model = setup.parameters.get("num_heads"), setup.sizes.get("model")
    if count and model and model % count:
        return "num_heads", {"heads": count, "model": model}
    return _uneven(setup) or _too_small(setup)


def _uneven(setup: Setup) -> tuple[str, dict[str, Any]] | None:
    """A value that is no multiple of what it must be one of."""
    known = setup.sizes | setup.parameters
    for name, part in _MULTIPLES.get(setup.variant, ()):
        count = known[part] if isinstance(part, str) else part
        if known[name] % count:
            key = "multiple" if isinstance(part, str) else "divisible"
            return key, {"name": name, "size": known[name], "part": part, "count": count}
    return None


def _too_small(setup: Setup) -> tuple[str, dict[str, Any]] | None:
    """A value below what the others ask of it."""
    known = setup.sizes | setup.parameters
    for name, least in _least(setup.variant, known).items():
        if known[name] < least:
            return "least", {"name": name, "size": known[name], "least": least}
    return None


def _least(variant: str, known: Mapping[str, Any]) -> dict[str, int]:
    """What some values of a variant must at least be, the others given."""
    if variant == "t5_bias":
        halves = 2 if known["bidirectional"] else 1
        return {"buckets": 2 * halves, "max_distance": known["buckets"] // halves // 2 + 1}
    if variant == "paged":
        longest = variants()["paged"].sizes["max_length"]
        return {
            "pages": known["batch"] * known["blocks"],
            "page_size": -(-longest // known["blocks"]),  # rounded up
        }
    if variant == "native_sparse":
        return {"length": known["block"]}
    return {"keys": known["queries"]} if variant == "tree" else {}


def _claim_words(setup: Setup) -> dict[str, str]:
    """A claim as it stands in a query: which, the seed, and what can be varied in it."""
    query = {"tab": "claims", "claim": setup.claim, "seed": str(setup.seed)}
    if setup.claim == "scale":
        query["claim_width"] = str(setup.claim_width)
    if setup.claim == "fill":
        query["claim_precision"] = setup.claim_precision
    if setup.claim == "distance":
        query["claim_base"] = str(setup.claim_base)
    if setup.claim == "needle":
        query["claim_rank"] = str(setup.claim_rank)
    return query


def _train_words(setup: Setup) -> dict[str, str]:
    """A training run as it stands in a query: what decides it, and the checkpoint looked at."""
    query = {"tab": "train", "train_heads": str(setup.train_heads), "seed": str(setup.seed)}
    if setup.step is not None:
        query["step"] = str(setup.step)
    return query | _part_words(setup)


def _part_words(setup: Setup) -> dict[str, str]:
    """The part of a map that is enlarged: a head, a rectangle."""
    query = {} if setup.head is None else {"head": str(setup.head)}
    if setup.zoom is not None:
        area = setup.zoom
        query["zoom"] = f"{area.top}-{area.bottom},{area.left}-{area.right}"
    return query


def _key(name: str) -> str:
    """A parameter's name in a link."""
    return f"its.{name}" if name in _RESERVED else name


def _mask_words(mask: Mask) -> dict[str, str]:
    """A mask as it stands in a query: its kind and the one number that counts for it."""
    numbers = {
        "window": ("mask_window", mask.window),
        "padding": ("mask_valid", mask.valid),
        "random": ("mask_keep", mask.keep),
    }
    words = {"mask": mask.kind}
    if mask.kind in numbers:
        name, number = numbers[mask.kind]
        words[name] = word(number)
    return words


_TRUTH = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}


class _Reader(Reader):
    """Reads what a set-up is made of."""

    def parameters(self, knobs: Knobs, prefix: str) -> dict[str, Any]:
        entries = knobs.parameters.items()
        return {name: self.parameter(prefix + _key(name), entry) for name, entry in entries}

    def parameter(self, name: str, entry: Mapping[str, Any]) -> Any:
        default = entry["default"]
        if "choices" in entry:
            words = {word(choice): choice for choice in entry["choices"]}
            return words[self.choice(name, list(words), word(default))]
        if isinstance(default, bool):
            text = self.text(name, word(default)).lower()
            return _TRUTH[text if text in _TRUTH else self.complain(name, text, word(default))]
        if isinstance(default, int):
            return self.whole(name, default, int(entry["min"]), int(entry["max"]))
        return self.number(name, float(default), float(entry["min"]), float(entry["max"]))

    def mask(self, knobs: Knobs) -> Mask:
        if not knobs.masks:
            self.seen |= {"mask_window", "mask_valid", "mask_keep"}
            if (asked := self.text("mask", "none")) != "none":
                self.complain("mask", asked, "–")
            return Mask()
        return Mask(
            kind=self.choice("mask", knobs.masks, "none"),
            window=self.whole("mask_window", Mask.window, 1, 4096),
            valid=self.whole("mask_valid", Mask.valid, 0, 4096),
            keep=self.number("mask_keep", Mask.keep, 0.0, 1.0),
        )

    def zoom(self) -> Zoom | None:
        text = self.text("zoom", "")
        if not text:
            return None
        try:
            rows, columns = (part.split("-") for part in text.split(","))
            (top, bottom), (left, right) = map(int, rows), map(int, columns)
        except ValueError:
            top, bottom, left, right = 0, 0, 0, 0
        if 0 <= top < bottom and 0 <= left < right:
            return Zoom(top, bottom, left, right)
        self.complain("zoom", text, "–")
        return None
