"""From recorded stages to heatmap panels, with the words that go with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from views.charts.heatmap import Panel, Thumbnail, Zoom
from views.charts.tiles import Array, largest, scale_of
from views.i18n import t
from views.lab_axes import SCORES, base_of
from views.lab_call import Stage
from views.lab_controls import text_of
from views.lab_formulas import Stages, factors

FACTOR_LIMIT = 2**20  # numbers sent at most to show the dot product behind a cell


def words() -> dict[str, str]:
    """What the component itself says, in the current language."""
    names = (
        "hint",
        "point",
        "stages",
        "blocks",
        "largest",
        "whole",
        "all",
        "masked",
        "odd",
        "product",
    )
    return {name: t(f"lab.map_{name}") for name in names}


def panel(stages: Stages, name: str, title: str = "") -> Panel:
    """The panel of one stage, with the vectors behind its values where they are dot products."""
    plain = panel_of(stages[name], title)
    vectors = factors(stages, name)
    if vectors is None or vectors[0].size + vectors[1].size > FACTOR_LIMIT:
        return plain
    return replace(plain, left=vectors[0], right=vectors[1])


def panel_of(stage: Stage, title: str = "") -> Panel:
    """The panel of one stage alone."""
    return _panel(stage, stage.maps, labels(stage), title or stage_title(stage.name))


def _panel(stage: Stage, maps: Array, names: tuple[str, ...], title: str) -> Panel:
    rows, columns = axes(stage)
    span = scale_of(*stage.bounds, signed=stage.signed)
    return Panel(title, maps, names, rows, columns, unit(stage), stage.signed, span=span)


def one_scale(left: Panel, right: Panel) -> tuple[Panel, Panel]:
    """Two panels with one colour scale over both their ranges, so that equal looks equal."""
    signed = left.signed or right.signed
    left, right = replace(left, signed=signed), replace(right, signed=signed)
    low = min(left.scale[0], right.scale[0])
    high = max(left.scale[1], right.scale[1])
    span = scale_of(low, high, signed=signed)
    return replace(left, span=span), replace(right, span=span)


def difference(left: Stage, right: Stage, title: str) -> Panel:
    """left − right as a panel; equal infinities differ by nothing."""
    rows, columns = axes(left)
    return Panel(
        title,
        subtract(left.maps, right.maps),
        labels(left),
        rows,
        columns,
        t("lab.unit_difference"),
        signed=True,
    )


def subtract(left: Array, right: Array) -> Array:
    """left − right, with zero where both are the same infinity."""
    with np.errstate(invalid="ignore"):
        result = left - right
    result[left == right] = 0.0
    return result


def thumbnails(stages: Stages) -> list[Thumbnail]:
    """A small picture of every stage, in order."""
    return [
        Thumbnail(
            name,
            stage_title(name),
            shape_text(stage.shape),
            _panel(stage, stage.small, ("",), stage_title(name)),
        )
        for name, stage in stages.items()
    ]


def stage_title(name: str) -> str:
    """A stage's name in the current language, the number of a repetition kept."""
    base = base_of(name)
    return text_of("stage", base.replace(" ", "_")) + name.removeprefix(base)


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as it is said: 1×4×8×8."""
    return "×".join(map(str, shape)) or "1"


def axes(stage: Stage) -> tuple[str, str]:
    """What the rows and the columns of a stage's maps are."""
    rows, columns = ("row", *(stage.axes or ("position",)))[-2:]
    return t(f"lab.axis_{rows}"), t(f"lab.axis_{columns}")


def labels(stage: Stage) -> tuple[str, ...]:
    """Names of a stage's maps: "head 3", with the item of the batch where there are several."""
    told = [
        (at, t(f"lab.axis_{axis}"))
        for at, axis in enumerate(stage.axes[:-2])
        if stage.shape[at] > 1 or axis not in ("item", "sequence")
    ]
    comma = t("lab.comma")
    return tuple(comma.join(f"{axis} {index[at]}" for at, axis in told) for index in stage.labels)


def unit(stage: Stage) -> str:
    """What the numbers of a stage are, for the legend."""
    if stage.base == "mask" or stage.base in SCORES:
        return t("lab.unit_mask" if stage.base == "mask" else "lab.unit_scores")
    return t("lab.unit_weights" if stage.is_shared_out else "lab.unit_plain")


def describe(name: str, item: Panel) -> str:
    """Alternative text: what the map shows, its range and where its largest value stands."""
    low, high = item.scale
    count, rows, columns = item.values.shape
    (tile, row, column), value = largest(item.values)
    return t(
        "lab.alt",
        stage=stage_title(name),
        count=count,
        rows=rows,
        columns=columns,
        row_axis=item.rows,
        column_axis=item.columns,
        low=f"{low:.3g}",
        high=f"{high:.3g}",
        value=f"{value:.3g}",
        where=item.labels[tile] if count > 1 else "",
        row=row,
        column=column,
    )


def fit_focus(stage: Stage, head: int | None) -> int | None:
    """The map to enlarge, or None for all: also where the stage has no such map, or only one."""
    count = len(stage.maps)
    return head if head is not None and count > 1 and head < count else None


def fit_zoom(stage: Stage, zoom: Zoom | None) -> Zoom | None:
    """The part of the rectangle that lies inside the stage's maps, None if that is nothing."""
    if zoom is None:
        return None
    rows, columns = stage.maps.shape[1:]
    inside = Zoom(zoom.top, min(zoom.bottom, rows), zoom.left, min(zoom.right, columns))
    return inside if inside.top < inside.bottom and inside.left < inside.right else None
