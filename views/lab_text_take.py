"""Taking a text's maps away: PNG, SVG, CSV, NPZ, and the code that makes them again."""

from __future__ import annotations

import csv as writer
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from views.charts import export
from views.charts.heatmap import Panel, Shown
from views.i18n import t
from views.lab_setup import Setup
from views.lab_text_panels import Reading


def take_away(setup: Setup, reading: Reading, item: Panel, part: Shown) -> None:
    """The downloads of one head on one text, and the code for it."""
    layer, head = setup.text.head.split(".")
    low, high = item.scale
    makers: dict[str, tuple[str, Callable[[], bytes]]] = {
        "png": ("image/png", lambda: export.png(part.tiles, part.columns, item.palette, low, high)),
        "svg": ("image/svg+xml", lambda: export.svg(item, part)),
        "csv": ("text/csv", lambda: csv(item)),
        "npz": ("application/zip", lambda: npz(reading)),
    }
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for kind, (mime, make) in makers.items():
            st.download_button(
                kind.upper(),
                make,
                f"text-layer{layer}-head{head}.{kind}",
                mime,
                key=f"lab_text_{kind}",
                on_click="ignore",
                icon=":material/download:",
                help=t(f"lab.text_export_{kind}"),
            )
    with st.expander(t("lab.code_for_this")):
        code = snippet(setup.text.text, setup.text.head, reading.pretrained)
        st.code(code, language="python")


def csv(item: Panel) -> bytes:
    """One line per pair: query and key with their tokens, and the weight."""
    buffer = io.StringIO()
    lines = writer.writer(buffer, lineterminator="\n")
    lines.writerow(["query", "query_token", "key", "key_token", "weight"])
    for query, row in enumerate(item.values[0]):
        for key, weight in enumerate(row):
            names = item.row_names[query], item.column_names[key]
            lines.writerow([query, names[0], key, names[1], f"{weight:.9g}"])
    return buffer.getvalue().encode("utf-8-sig")


def npz(reading: Reading) -> bytes:
    """The weights (layers, heads, n, n) of all heads, the tokens and what the model read."""
    arrays: dict[str, Any] = {
        "weights": reading.maps,
        "tokens": np.array([token.text for token in reading.tokens]),
        "read": np.array([token.read for token in reading.tokens]),
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def snippet(text: str, where: str, pretrained: str = "") -> str:
    """The few lines that make this map again, run from the project's folder.

    With a `pretrained` model they need `transformers`, and no project.
    """
    layer, head = (int(part) for part in where.split("."))
    return "\n".join(
        [
            "import matplotlib.pyplot as plt",
            *(_pretrained_lines(text, pretrained) if pretrained else _own_lines(text)),
            f'plt.imshow(weights[{layer - 1}, {head}], cmap="viridis", vmin=0, vmax=1)',
            "plt.xticks(range(len(names)), names, rotation=90)",
            "plt.yticks(range(len(names)), names)",
            "plt.show()",
        ]
    )


def _own_lines(text: str) -> list[str]:
    return [
        "from models.text import attention",
        "from models.vocabulary import tokens",
        "",
        f"found, cut = tokens({text!r})",
        "weights = attention([token.read for token in found])  # layers, heads, n, n",
        "names = [token.text for token in found]",
    ]


def _pretrained_lines(text: str, name: str) -> list[str]:
    return [
        "import torch",
        "from transformers import AutoModel, AutoTokenizer",
        "",
        f"name = {name!r}",
        "tokenizer = AutoTokenizer.from_pretrained(name)",
        "model = AutoModel.from_pretrained(",
        '    name, attn_implementation="eager", use_safetensors=True, dtype=torch.float32',
        ")",
        f'encoded = tokenizer({text!r}, return_tensors="pt")',
        "with torch.no_grad():",
        "    maps = model(**encoded, output_attentions=True).attentions",
        "weights = torch.cat(maps)  # layers, heads, n, n",
        'names = tokenizer.convert_ids_to_tokens(encoded["input_ids"][0].tolist())',
    ]
