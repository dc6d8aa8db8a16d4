"""What the Text view draws: the heads in order, lines and matrix of one, and words for them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import streamlit as st

from models import text as model
from models.text import HEADS, LAYERS, Named
from models.vocabulary import START, Token
from views.charts import heatmap
from views.charts.heatmap import Panel, Thumbnail
from views.charts.tiles import Array
from views.i18n import t
from views.lab_measures import Measures, measure
from views.lab_panels import words

KINDS = ("pronoun_zh", "pronoun", "bracket", "verb", "classifier", "previous", "next", "itself")
CHINESE = ("pronoun_zh", "classifier")  # kinds that only Chinese has
EARNED = 0.4  # mean weight from which a head carries the name
OTHERS_TOLD = 0.01


@dataclass(frozen=True)
class Reading:
    """A text as the model saw it: its tokens and the weights (layers, heads, n, n) of all heads.

    `pretrained` is the name of somebody else's model, whose heads are called by what they do here.
    """

    tokens: tuple[Token, ...]
    maps: Array
    pretrained: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The tokens as they are shown."""
        return tuple(token.text or t("lab.text_start") for token in self.tokens)

    @cached_property
    def measured(self) -> dict[str, Measures]:
        """The measures of every head on this text, in order."""
        layers, heads = self.maps.shape[:2]
        return {
            f"{layer + 1}.{head}": measure(self.maps[layer, head])
            for layer in range(layers)
            for head in range(heads)
        }


@cache
def named() -> tuple[Named, ...]:
    """For each kind the head that does it best, if enough of its weight is there."""
    found = []
    for kind in KINDS:
        entry = model.facts()["heads"][kind]
        scores = np.array(entry["scores"])
        layer, head = np.unravel_index(int(scores.argmax()), scores.shape)
        best = Named(kind, int(layer), int(head), float(scores.max()), entry["chance"])
        found += [best] if best.score >= EARNED else []
    return tuple(found)


def ordered(text: str) -> list[str]:
    """All heads as "layer.head": those with a name first, and first of these what fits the text."""
    chinese = any("\u3400" <= sign <= "\u9fff" for sign in text)
    first = sorted(named(), key=lambda entry: (entry.kind in CHINESE) != chinese)
    rest = [f"{layer + 1}.{head}" for layer in range(LAYERS) for head in range(HEADS)]
    return list(dict.fromkeys([*(f"{e.layer + 1}.{e.head}" for e in first), *rest]))


def names_of(where: str) -> list[Named]:
    """The names that a head has earned."""
    return [entry for entry in named() if where == f"{entry.layer + 1}.{entry.head}"]


def pattern_of(reading: Reading, where: str) -> str:
    """What a head of somebody else's model does on this text; nothing where it is a mixture."""
    found = reading.measured[where]
    if found.pattern == "mixed":
        return ""
    return f"{t(f'lab.pattern_{found.pattern}')} {100 * found.share:.0f}%"


def head_title(where: str, reading: Reading | None = None) -> str:
    """A head in the list: its names with their scores, and where it stands.

    The heads of a reading of somebody else's model are called by their pattern.
    """
    layer, head = where.split(".")
    place = t("lab.text_place", layer=layer, head=head)
    if reading is not None and reading.pretrained:
        pattern = pattern_of(reading, where)
        return f"{pattern} · {place}" if pattern else place
    earned = [f"{t(f'lab.text_kind_{e.kind}')} {100 * e.score:.0f}%" for e in names_of(where)]
    return f"{', '.join(earned)} · {place}" if earned else place


def panel_of(reading: Reading, layer: int, head: int) -> Panel:
    """The matrix of one head."""
    where = f"{layer + 1}.{head}"
    return Panel(
        title=head_title(where, reading),
        values=reading.maps[layer, head][None],
        labels=("",),
        rows=t("lab.axis_query"),
        columns=t("lab.axis_key"),
        unit=t("lab.unit_weights"),
        span=(0.0, 1.0),
        row_names=reading.names,
        column_names=reading.names,
    )


def describe(reading: Reading, item: Panel) -> str:
    """Alternative text: which head, how many tokens, and the strongest ties between tokens."""
    maps = item.values[0].copy()
    if not reading.pretrained:
        maps[:, 0] = 0.0  # the start token is where heads rest
    strongest = np.argsort(maps, axis=None)[::-1][:3]
    pairs = [np.unravel_index(int(flat), maps.shape) for flat in strongest]
    ties = [
        t(
            "lab.text_tie",
            query=reading.names[query],
            key=reading.names[key],
            weight=f"{100 * float(maps[query, key]):.0f}%",
        )
        for query, key in pairs
        if maps[query, key] > OTHERS_TOLD
    ]
    return t("lab.text_alt", count=len(reading.tokens), ties="; ".join(ties))


def frame_of(reading: Reading, where: str, pinned: int | None) -> bytes:
    """The frame of the component: the strip of all heads, and the chosen one."""
    layer, head = (int(part) for part in where.split("."))
    item = panel_of(reading, layer - 1, head)
    said = words() | {
        "stages": t("lab.text_strip"),
        "point": t("lab.text_point"),
        "query": t("lab.text_from"),
        "key": t("lab.text_to"),
        "tokens": t("lab.text_tokens"),
        "looks": t("lab.text_looks"),
    }
    return heatmap.encode(
        [item],
        said,
        alt=describe(reading, item),
        strip=[_thumbnail(reading, place) for place in strip_of(reading, where)],
        selected=where,
        picks=(),
        more={"tokens": [_token(reading, i) for i in range(len(reading.tokens))], "pinned": pinned},
    )


def strip_of(reading: Reading, where: str) -> list[str]:
    """The heads to choose from in pictures: all of our model, those of one layer of another."""
    if not reading.pretrained:
        return ordered("".join(reading.names[1:]))
    layer = where.split(".")[0]
    return [f"{layer}.{head}" for head in range(reading.maps.shape[1])]


def _thumbnail(reading: Reading, where: str) -> Thumbnail:
    layer, head = (int(part) for part in where.split("."))
    earned = names_of(where)
    title = " / ".join(t(f"lab.text_kind_{entry.kind}") for entry in earned) or "–"
    place = t("lab.text_short", layer=layer, head=head)
    if reading.pretrained:
        title = pattern_of(reading, where) or "–"
        return Thumbnail(where, title, place, panel_of(reading, layer - 1, head))
    score = f" {100 * earned[0].score:.0f}%" if earned else ""
    return Thumbnail(where, title, f"{place}{score}", panel_of(reading, layer - 1, head))


def _token(reading: Reading, index: int) -> dict[str, str]:
    token = reading.tokens[index]
    kind = "start" if token.read == START else "" if token.known else "unknown"
    note = {
        "start": t("lab.text_start_note"),
        "unknown": t("lab.pretrained_unknown" if reading.pretrained else "lab.text_unknown_note"),
        "": "",
    }[kind]
    return {"text": reading.names[index], "kind": kind, "note": note}


def facts_table() -> None:
    """For each kind: the best head, its score, chance, and on how many pairs it was measured."""
    rows = []
    for kind in KINDS:
        entry = model.facts()["heads"][kind]
        scores = np.array(entry["scores"])
        layer, head = np.unravel_index(int(scores.argmax()), scores.shape)
        place = t("lab.text_short", layer=int(layer) + 1, head=int(head))
        rows.append((t(f"lab.text_kind_{kind}"), place, float(scores.max()), entry["chance"]))
    counts = [model.facts()["heads"][kind]["count"] for kind in KINDS]
    share = st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0)
    columns = {
        t("lab.text_kind"): [row[0] for row in rows],
        t("lab.text_best"): [row[1] for row in rows],
        t("lab.text_score"): [row[2] for row in rows],
        t("lab.text_chance"): [row[3] for row in rows],
        t("lab.text_pairs"): counts,
    }
    shares = dict.fromkeys((t("lab.text_score"), t("lab.text_chance")), share)
    st.dataframe(columns, hide_index=True, column_config=shares)
