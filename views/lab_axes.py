"""What the dimensions of a stage are: heads, queries, channels, image rows.

Sizes cannot tell, since eight queries, eight keys and a head width of eight are common. So an
input has the dimensions of its annotation; a stage that a variant notes has, by its name, those
of nearly all variants; and the exceptions are written down, in the words of the annotations.
"""

from __future__ import annotations

import re
from functools import lru_cache

import attention
from attention.inputs import shapes

# Stages that say how well a query and a key fit, before they become weights.
SCORES = frozenset(
    {"scores", "scaled", "biased", "masked", "bias", "capped", "sharpened", "index"}
    | {"mixed scores", "integer scores"}
)
_PAIRS = SCORES | {"mask", "weights", "mixed weights", "difference", "approximated", "decay"}
_PAIRS |= {"through points", "selected weights", "window weights"}

# The axis that a word of an annotation stands for; all others are features.
_WORDS = {
    "batch": "item",
    "heads": "head",
    "kv_heads": "head",
    "index_heads": "head",
    "queries": "query",
    "keys": "key",
    "prefix": "key",
    "length": "position",
    "page_size": "position",
    "channels": "channel",
    "height": "row",
    "width": "column",
    "slots": "slot",
    "layers": "layer",
    "parts": "part",
    "pages": "page",
    "blocks": "block",
    "branches": "branch",
    "points": "point",
    "landmarks": "landmark",
    "rank": "mixture",
    "rounds": "round",
    "distances": "offset",
    "buckets": "bucket",
    "coordinates": "coordinate",
}
# The last dimensions of a stage that a variant notes, where they are not "length dim".
_LAST = {
    "query": "queries dim",
    "key": "keys dim",
    "value": "keys dim",
    "logsumexp": "queries",
    "entropy": "queries",
    **dict.fromkeys(_PAIRS, "queries keys"),
}
_IMAGE = "batch channels height width"
_EXCEPTIONS = {
    "paged": {"weights": "batch heads keys", "output": "batch heads dim"},
    "rwkv": dict.fromkeys(("scores", "masked", "weights"), "*batch channels queries keys"),
    "native_sparse": {
        "compressed weights": "*batch queries blocks",
        "gate": "*batch length branches",
        "gates": "*batch length branches",
    },
    "linear_chunked": {"state": "*batch dim value_dim"},
    "induced_set": {
        **dict.fromkeys(("scores", "scaled", "weights"), "*batch points keys"),
        **dict.fromkeys(("scores 2", "scaled 2", "weights 2"), "*batch queries points"),
        **dict.fromkeys(("output", "gathered"), "*batch points dim"),
        "output 2": "*batch length dim",
    },
    "linformer": {
        **dict.fromkeys(("key", "value"), "batch heads rank dim"),
        **dict.fromkeys(("scores", "scaled", "weights"), "batch heads queries rank"),
    },
    "nystrom": {
        "to landmarks": "*batch queries landmarks",
        "among landmarks": "*batch landmarks landmarks",
        "from landmarks": "*batch landmarks keys",
    },
    "merge_partial": {
        "partial outputs": "parts *batch queries dim",
        "logsumexps": "parts *batch queries",
    },
    "t5_bias": {"bias": "heads queries keys"},
    "non_local": {"output": _IMAGE},
    "squeeze_excitation": {
        "squeezed": "batch channels",
        "weights": "batch channels",
        "output": _IMAGE,
    },
    "cbam": {"channels": "batch channels", "weights": "batch height width", "output": _IMAGE},
    "axial": {
        **dict.fromkeys(("scores", "scaled", "weights"), "*batch width queries keys"),
        **dict.fromkeys(("scores 2", "scaled 2", "weights 2"), "*batch height queries keys"),
        "output": "*batch width height dim",
        "columns": "*batch height width dim",
        "output 2": "*batch height width dim",
    },
    "deformable": {
        "image": _IMAGE,
        "reference": "batch queries coordinates",
        **dict.fromkeys(("scores", "weights"), "batch heads queries points"),
        "locations": "batch heads queries points coordinates",
    },
    "slot_attention": {
        **dict.fromkeys(("shares", "weights"), "*batch slots keys"),
        **dict.fromkeys(("slots", "output"), "*batch slots dim"),
    },
    "rollout": {"mixing": "layers batch queries keys", "output": "batch queries keys"},
}


def base_of(name: str) -> str:
    """A stage's name without the number of a repetition: "weights 2" is "weights"."""
    return re.sub(r" \d+$", "", name)


@lru_cache(maxsize=4096)
def axes_of(variant: str, name: str, rank: int) -> tuple[str, ...]:
    """The axis that each dimension of a variant's stage is, as in `lab.axis_…`."""
    annotated, base = shapes(attention.load(variant)), base_of(name)
    special = _EXCEPTIONS.get(variant, {})
    known = (special.get(name), special.get(base), annotated.get(name), annotated.get(base))
    found = [_spread(form.split(), rank) for form in known if form]
    words = next((words for words in found if len(words) == rank), None)
    if words is None:
        words = _usual(base, rank, free=any("*batch" in form for form in annotated.values()))
    axes = [_axis(word) for word in words]
    if axes[-2:] == ["position", "position"]:  # self-attention: both are the length
        axes[-2:] = ["query", "key"]
    if "batch" in attention.variants()[variant].sizes:  # these serve several sequences at once
        axes = ["sequence" if axis == "item" else axis for axis in axes]
    return tuple(axes)


def _usual(base: str, rank: int, *, free: bool) -> list[str]:
    """The dimensions of a stage by its name; the leading ones are a batch, heads or both."""
    last = _LAST.get(base, "length dim").split()
    count = rank - len(last)
    if count < 0:
        return last[-rank:] if rank else []
    if count == 1:
        return ["heads" if free else "batch", *last]
    return [*["batch"] * (count - 1), "heads", *last] if count else last


def _spread(words: list[str], rank: int) -> list[str]:
    """The words with "*batch" written out: heads in the lab, with batches before them if any."""
    words = [word.replace("#", "") for word in words]
    if "*batch" not in words:
        return words
    at = words.index("*batch")
    count = rank - len(words) + 1
    spread = [*["batch"] * (count - 1), "heads"] if count > 0 else []
    return [*words[:at], *spread, *words[at + 1 :]]


def _axis(word: str) -> str:
    if "height" in word and word != "height":  # height * width: an image as a sequence
        return "position"
    return _WORDS.get(word, "feature")
