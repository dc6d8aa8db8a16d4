"""The size of the KV cache of public models against context length: arithmetic, no measuring."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from views.charts.figures import mount
from views.charts.loglog import Line, LogChart, picture, svg
from views.i18n import t
from views.lab_cost_models import CONTEXTS, GIB, MODELS, STORED, Model
from views.lab_cost_panels import alt, downloads
from views.lab_cost_setup import Cost


def render(cost: Cost) -> None:
    """The chart, the table at one context length, where the numbers come from, and the files."""
    models = {name: MODELS[name] for name in cost.models}
    drawn = chart(cost)
    mount("lab_cost_cache_chart", [svg(drawn, alt(drawn))])
    _table(cost, list(models.values()))
    with st.expander(t("lab.cost_cache_how_title")):
        st.markdown(t("lab.cost_cache_how"))
        st.markdown("\n".join(f"- {_source(model)}" for model in models.values()))
    if not models:
        return
    makers: dict[str, tuple[str, Callable[[], bytes]]] = {
        "png": ("image/png", lambda: picture([drawn], "png")),
        "svg": ("image/svg+xml", lambda: picture([drawn], "svg")),
        "csv": ("text/csv", lambda: table_file(cost)),
        "npz": ("application/zip", lambda: arrays_file(cost)),
    }
    downloads(makers, "kv-cache")
    with st.expander(t("lab.code_for_this")):
        st.code(snippet(cost), language="python")


def chart(cost: Cost) -> LogChart:
    """GiB against tokens, a line for each model up to the longest context it is made for."""
    return LogChart(
        t("lab.cost_cache_title", stored=cost.stored, batch=cost.batch),
        t("lab.cost_tokens"),
        tuple(map(float, CONTEXTS)),
        tuple(_line(MODELS[name], cost, style) for style, name in enumerate(cost.models)),
    )


def _line(model: Model, cost: Cost, style: int) -> Line:
    points = tuple(
        (float(n), model.cache(n, cost.batch, cost.stored) / GIB)
        for n in CONTEXTS
        if n <= model.context
    )
    return Line(model.name, points, style, model.kind)


def _table(cost: Cost, models: list[Model]) -> None:
    """What each stores per token and at the chosen context, as published and otherwise."""
    if not models:
        return

    def size(per_token: int, model: Model) -> float:
        kept = min(cost.context, model.window or cost.context)
        return cost.batch * kept * per_token / GIB

    columns: dict[str, list[Any]] = {
        t("lab.cost_model"): [m.name for m in models],
        t("lab.cost_kind"): [m.kind for m in models],
        t("lab.cost_layers"): [m.layers for m in models],
        t("lab.cost_numbers"): [m.numbers for m in models],
        t("lab.cost_kib"): [m.per_token() / 1024 for m in models],
        t("lab.cost_gib_bf16"): [size(m.per_token(), m) for m in models],
        t("lab.cost_gib_int8"): [size(m.per_token("int8"), m) for m in models],
        t("lab.cost_gib_mha"): [size(m.as_mha(), m) for m in models],
        t("lab.cost_made_for"): [m.context for m in models],
    }
    numbers = list(columns)[4:8]
    st.caption(t("lab.cost_cache_at", tokens=f"{cost.context:,}", batch=cost.batch))
    st.dataframe(
        columns,
        hide_index=True,
        column_config={n: st.column_config.NumberColumn(format="%.2f") for n in numbers},
    )
    beyond = [m.name for m in models if m.context < cost.context]
    if beyond:
        st.caption(t("lab.cost_beyond", names=", ".join(beyond)))


def _source(model: Model) -> str:
    """Configuration and source of a model, in one line of Markdown."""
    if model.latent:
        stored = t("lab.cost_latent", latent=model.latent, rope=model.rope)
    else:
        stored = t("lab.cost_heads_of", kv_heads=model.kv_heads, dim=model.head_dim)
    window = t("lab.cost_window", window=f"{model.window:,}") if model.window else ""
    facts = t("lab.cost_layers_heads", layers=model.layers, heads=model.heads)
    return f"**{model.name}**: {facts}, {stored}{window}. [{model.source}]({model.url})"


def table_file(cost: Cost) -> bytes:
    """One line for each model, context length and way of storing: bytes."""
    buffer = io.StringIO()
    lines = csv.writer(buffer, lineterminator="\n")
    lines.writerow(["model", "attention", "tokens", "batch", "stored", "bytes"])
    for name in cost.models:
        model = MODELS[name]
        for stored in STORED:
            for tokens in CONTEXTS:
                size = model.cache(tokens, cost.batch, stored)
                lines.writerow([model.name, model.kind, tokens, cost.batch, stored, size])
    return buffer.getvalue().encode("utf-8-sig")


def arrays_file(cost: Cost) -> bytes:
    """The context lengths, and bytes at each of them for every model and way of storing."""
    arrays: dict[str, Any] = {"tokens": np.array(CONTEXTS)}
    for name in cost.models:
        for stored in STORED:
            sizes = [MODELS[name].cache(n, cost.batch, stored) for n in CONTEXTS]
            arrays[f"{name}_{stored}"] = np.array(sizes)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def snippet(cost: Cost) -> str:
    """The lines that compute the chosen caches, and need nothing of ours."""
    lines = ["# layers, numbers stored per token and layer, tokens kept at most", "models = {"]
    for name in cost.models:
        model = MODELS[name]
        if model.latent:
            numbers = f"{model.latent} + {model.rope}"
        else:
            numbers = f"2 * {model.kv_heads} * {model.head_dim}"
        lines.append(f"    {model.name!r}: ({model.layers}, {numbers}, {model.window or None}),")
    return "\n".join(
        [
            *lines,
            "}",
            f"tokens, batch = {cost.context}, {cost.batch}",
            "for name, (layers, numbers, window) in models.items():",
            "    kept = min(tokens, window or tokens)",
            "    size = batch * kept * layers * numbers * 2  # bf16: two bytes each",
            '    print(f"{name}: {size / 2**30:.2f} GiB")',
        ]
    )
