"""Own tensors as inputs of a variant: names, dimensions and dtypes against its annotations."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

import attention
from attention.inputs import draw, shapes
from views.lab_own_read import Unfit

_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Fitted:
    """Tensors that a variant takes, the sizes that they settle, and names it has no use for."""

    tensors: dict[str, Tensor]
    sizes: dict[str, int]
    unused: tuple[str, ...]


def fit(variant: str, tensors: Mapping[str, Tensor], dtype: torch.dtype) -> Fitted:
    """The tensors whose names are arguments of the variant, as its annotations want them.

    Free leading dimensions are joined into one, which the lab calls heads. Raises Unfit.
    """
    annotated = shapes(attention.load(variant))
    known = draw(attention.load(variant))
    used = {name: x for name, x in tensors.items() if name in annotated}
    if not used:
        raise Unfit("no_name", names=", ".join(tensors), wanted=", ".join(annotated))
    sizes: dict[str, int] = {}
    fitted = {}
    for name, tensor in used.items():
        shaped = _bind(name, annotated[name], _flat(annotated[name], tensor), sizes)
        fitted[name] = _cast(name, shaped, known.get(name), dtype)
    for name, tensor in fitted.items():
        _check_arithmetic(name, annotated[name], tensor, sizes)
    unused = tuple(name for name in tensors if name not in annotated)
    return Fitted(fitted, sizes, unused)


def _flat(annotation: str, tensor: Tensor) -> Tensor:
    """Free leading dimensions (`*batch`) joined into one, added where there are none."""
    words = annotation.split()
    if not words or not words[0].startswith("*"):
        return tensor
    fixed = len(words) - 1
    if tensor.ndim < fixed:
        return tensor
    leading = tensor.shape[: tensor.ndim - fixed]
    return tensor.reshape(math.prod(leading), *tensor.shape[tensor.ndim - fixed :])


def _bind(name: str, annotation: str, tensor: Tensor, sizes: dict[str, int]) -> Tensor:
    """Note the size of every named dimension; Unfit where two tensors do not agree on one."""
    words = annotation.split()
    if tensor.ndim != len(words):
        raise Unfit("rank", name=name, shape=tuple(tensor.shape), wanted=annotation)
    for word, size in zip(words, tensor.shape, strict=True):
        plain = word.lstrip("*#")
        if not _NAME.fullmatch(plain) or ("#" in word and size == 1):
            continue
        if sizes.setdefault(plain, size) != size:
            raise Unfit("size", name=name, dimension=plain, size=size, other=sizes[plain])
    return tensor


def _check_arithmetic(name: str, annotation: str, tensor: Tensor, sizes: Mapping[str, int]) -> None:
    """Dimensions that are a product or a sum of others, where all of these are known."""
    for word, size in zip(annotation.split(), tensor.shape, strict=True):
        plain = word.lstrip("*#").replace("{", "").replace("}", "")
        names = _NAME.findall(plain)
        if _NAME.fullmatch(plain) or not names or not sizes.keys() >= set(names):
            continue
        wanted = int(eval(plain, {"__builtins__": {}}, dict(sizes)))  # ours, from the annotation
        if wanted != size:
            raise Unfit("size", name=name, dimension=plain, size=size, other=wanted)


def _cast(name: str, tensor: Tensor, drawn: Tensor | None, dtype: torch.dtype) -> Tensor:
    """The tensor in the dtype that the argument has when it is drawn; a mask is boolean."""
    wants_bool = name == "mask" if drawn is None else drawn.dtype == torch.bool
    if wants_bool:
        if tensor.dtype != torch.bool:
            raise Unfit("wants_bool", name=name, dtype=_said(tensor))
        return tensor
    if drawn is not None and not drawn.is_floating_point():
        if tensor.is_floating_point() or tensor.dtype == torch.bool:
            raise Unfit("wants_whole", name=name, dtype=_said(tensor))
        return tensor.to(drawn.dtype)
    if not tensor.is_floating_point():
        raise Unfit("wants_float", name=name, dtype=_said(tensor))
    return tensor.to(dtype)


def _said(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
