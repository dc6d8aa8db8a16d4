"""Scale and temperature for variants that do not offer them: by steering the query.

Where scores are proportional to an input (the query, or the weight that makes it), multiplying
that input multiplies the scores. Whether they are is tried on the variant itself, so the two
controls appear exactly where they mean what they say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from attention.stages import record

PARAMETERS: dict[str, dict[str, Any]] = {
    "scaled": {"default": True},
    "temperature": {"default": 1.0, "min": 0.05, "max": 20.0, "step": 0.05},
}
_CANDIDATES = ("query_weight", "query", "qkv_weight")
Function = Callable[..., Any]


def find_steer(
    function: Function, inputs: Mapping[str, Tensor], parameters: Mapping[str, Any]
) -> str:
    """The input whose doubling doubles both "scores" and "scaled", or "" if there is none."""
    if PARAMETERS.keys() & parameters.keys():
        return ""
    plain = _recorded(function, inputs, parameters)
    if not {"scores", "scaled"} <= plain.keys() or "scores 2" in plain:
        return ""
    if ratio(plain) is None:
        return ""
    for name in _CANDIDATES:
        if name not in inputs:
            continue
        doubled = _recorded(function, steered(inputs, name, 2.0), parameters)
        twice = {s: torch.allclose(doubled[s], 2 * plain[s]) for s in ("scores", "scaled")}
        if all(twice.values()) and not _proportional(plain, doubled):
            return name
    return ""


def steered(inputs: Mapping[str, Tensor], name: str, factor: float) -> dict[str, Tensor]:
    """The inputs with one of them multiplied; of a fused weight, only the rows of the query."""
    tensor = inputs[name].clone()
    rows = len(tensor) // 3 if name == "qkv_weight" else None
    tensor[:rows] *= factor
    return {**inputs, name: tensor}


def factor_of(plain: Mapping[str, Tensor], chosen: Mapping[str, Any]) -> float:
    """What the scores are multiplied by: 1/T, and without scaling also 1/scale."""
    factor = 1.0 / float(chosen["temperature"])
    if not chosen["scaled"]:
        factor /= ratio(plain) or 1.0
    return factor


def ratio(stages: Mapping[str, Tensor]) -> float | None:
    """The constant c of scaled = c · scores, or None if there is none."""
    scores, scaled = stages["scores"].double(), stages["scaled"].double()
    if scores.shape != scaled.shape or not scores.numel():
        return None
    at = int(scores.abs().argmax())
    if not float(scores.flatten()[at]):
        return None
    found = float(scaled.flatten()[at] / scores.flatten()[at])
    return found if torch.allclose(scaled, found * scores, rtol=2e-2, atol=2e-2) else None


def _proportional(plain: Mapping[str, Tensor], doubled: Mapping[str, Tensor]) -> bool:
    """Whether the weights merely doubled too: without a softmax there is no temperature."""
    if "weights" not in plain:
        return False
    return torch.allclose(doubled["weights"], 2 * plain["weights"])


def _recorded(
    function: Function, inputs: Mapping[str, Tensor], parameters: Mapping[str, Any]
) -> dict[str, Tensor]:
    with torch.no_grad(), record() as notes:
        function(**inputs, **parameters)
    return notes
