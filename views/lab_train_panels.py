"""What the Train view draws of a run at a step: curves, maps, scores, and the words for them."""

from __future__ import annotations

import math
import string

import numpy as np
import streamlit as st

from models.induction import LENGTH, STEPS, VOCABULARY, Checkpoint
from models.runs import LAYERS, Run
from views.charts.curves import Chart, Curve, svg
from views.charts.heatmap import Panel
from views.charts.tiles import Array
from views.i18n import t

ALPHABET = (string.ascii_uppercase + string.ascii_lowercase)[:VOCABULARY]
CURVES = ("loss", "accuracy", "induction")


def letters(run: Run) -> str:
    """The sequence whose maps are shown, a letter for each token."""
    return "".join(ALPHABET[token] for token in run.tokens)


def value_of(name: str, point: Checkpoint) -> float:
    """A curve's value: the induction score is that of the model's best head."""
    return {
        "loss": point.loss,
        "accuracy": point.accuracy,
        "induction": float(point.induction.max()),
    }[name]


def charts(run: Run | None, step: int) -> list[Chart]:
    """Loss, accuracy and induction score of both models, up to what there is."""
    found = {layers: list(run.checkpoints[layers]) if run else [] for layers in LAYERS}
    marker = float(step) if run and run.steps else None
    return [
        Chart(
            title=t(f"lab.train_curve_{name}"),
            curves=[
                Curve(
                    t(f"lab.train_model_{layers}"),
                    [point.step for point in points],
                    [value_of(name, point) for point in points],
                )
                for layers, points in found.items()
            ],
            x_label=t("lab.train_axis"),
            x_end=STEPS,
            y_end=math.log(VOCABULARY) if name == "loss" else 1.0,
            marker=marker,
            percent=name != "loss",
        )
        for name in CURVES
    ]


def curves(run: Run | None, step: int) -> list[str]:
    """The charts, drawn."""
    drawn = []
    for chart in charts(run, step):
        values = [curve.at(step) for curve in chart.curves]
        said = ["–" if value is None else chart.text(value) for value in values]
        alt = t("lab.train_curve_alt", title=chart.title, step=step, two=said[0], one=said[1])
        drawn.append(svg(chart, alt))
    return drawn


def panel_at(run: Run, step: int) -> Panel:
    """All heads at a step, then what the two kinds of head would look like at their purest."""
    points = run.at(step)
    maps, names = [], []
    for layers, point in points.items():
        for layer, head in np.ndindex(point.maps.shape[:2]):
            maps.append(point.maps[layer, head])
            names.append(t(f"lab.train_map_{layers}", layer=layer + 1, head=head))
    for kind, ideal in ideals(run.tokens).items():
        maps.append(ideal)
        names.append(t(f"lab.train_ideal_{kind}"))
    tokens = tuple(letters(run))
    return Panel(
        title=t("lab.train_maps", step=points[LAYERS[0]].step),
        values=np.stack(maps),
        labels=tuple(names),
        rows=t("lab.axis_query"),
        columns=t("lab.axis_key"),
        unit=t("lab.unit_weights"),
        span=(0.0, 1.0),
        row_names=tokens,
        column_names=tokens,
    )


def ideals(tokens: list[int]) -> dict[str, Array]:
    """The maps (L, L) of a previous-token head and of an induction head without any blur.

    Rows in which an induction head has nothing to find are empty.
    """
    row = np.asarray(tokens)
    previous = np.eye(LENGTH, k=-1, dtype=np.float32)
    follows = np.zeros((LENGTH, LENGTH), dtype=np.float32)
    follows[:, 1:] = np.tril(row[:, None] == row[None, :-1], -1)
    total = follows.sum(1, keepdims=True)
    return {"previous": previous, "induction": follows / np.maximum(total, 1)}


def _best(scores: Array) -> tuple[int, int, float]:
    """Layer (from 1), head and score of the head with the highest score."""
    layer, head = np.unravel_index(int(scores.argmax()), scores.shape)
    return int(layer) + 1, int(head), float(scores[layer, head])


def summary(run: Run, step: int) -> str:
    """What the models do at this step, in a sentence or two with the numbers in it."""
    points = run.at(step)
    two, one = (points[layers] for layers in LAYERS)
    previous, induction = _best(two.previous), _best(two.induction)
    return t(
        "lab.train_summary",
        step=two.step,
        two=f"{100 * two.accuracy:.0f}%",
        one=f"{100 * one.accuracy:.0f}%",
        previous_layer=previous[0],
        previous_head=previous[1],
        previous=f"{100 * previous[2]:.0f}%",
        induction_layer=induction[0],
        induction_head=induction[1],
        induction=f"{100 * induction[2]:.0f}%",
        control=f"{100 * float(one.induction.max()):.0f}%",
    )


def alt_of(run: Run, step: int) -> str:
    """Alternative text of the maps."""
    return (
        t("lab.train_alt", count=len(panel_at(run, step).values), size=LENGTH)
        + " "
        + summary(run, step).replace("**", "")
    )


def heads_table(run: Run, step: int) -> None:
    """Both scores of every head."""
    names, previous, induction = [], [], []
    for layers, point in run.at(step).items():
        for layer, head in np.ndindex(point.previous.shape):
            names.append(t(f"lab.train_map_{layers}", layer=layer + 1, head=head))
            previous.append(float(point.previous[layer, head]))
            induction.append(float(point.induction[layer, head]))
    columns = {t("lab.head"): names}
    percent = st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0)
    scores = {t("lab.train_previous"): previous, t("lab.train_induction"): induction}
    st.dataframe(
        {**columns, **scores}, hide_index=True, column_config=dict.fromkeys(scores, percent)
    )
