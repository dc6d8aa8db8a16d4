"""Reading somebody's own tensors from a file: NPZ or safetensors, never pickle. No Streamlit.

Whatever the file holds, reading it takes no more memory than `MAX_BYTES` and runs nothing of it.
"""

from __future__ import annotations

import io
import math
import zipfile
from typing import IO, Any

import numpy as np
import torch
from torch import Tensor

MAX_FILE = 32 * 2**20  # bytes, as it is uploaded
MAX_BYTES = 128 * 2**20  # of all tensors together
MAX_TENSORS = 64
MAX_DIMENSIONS = 6
KINDS = ("npz", "safetensors")
_NUMPY = {"b", "i", "u", "f"}  # kinds of dtype: booleans, whole numbers, floating point


class Unfit(Exception):
    """Why tensors cannot be used: the key of the words that say so, and their values."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key, values)
        self.key = key
        self.values = values


def load(file: str, data: bytes) -> dict[str, Tensor]:
    """The tensors in a file, checked. Raises Unfit naming what is wrong with which of them."""
    if len(data) > MAX_FILE:
        raise Unfit("file_size", size=mib(len(data)), limit=mib(MAX_FILE))
    kind = file.rsplit(".", 1)[-1].lower()
    if kind not in KINDS:
        raise Unfit("file_kind", file=file)
    found = _npz(data) if kind == "npz" else _safetensors(data)
    if not found:
        raise Unfit("file_empty")
    for name, tensor in found.items():
        check(name, tensor)
    return found


def check(name: str, tensor: Tensor) -> None:
    """Raise Unfit for a tensor that is empty, has too many dimensions, or holds NaN or infinity."""
    if tensor.is_complex():
        raise Unfit("dtype", name=name, dtype=str(tensor.dtype).removeprefix("torch."))
    if not tensor.numel():
        raise Unfit("empty", name=name, shape=tuple(tensor.shape))
    if tensor.ndim > MAX_DIMENSIONS:
        raise Unfit("dimensions", name=name, count=tensor.ndim, limit=MAX_DIMENSIONS)
    if tensor.is_floating_point():
        bad = ~tensor.isfinite()
        if bad.any():
            first = tuple(int(i) for i in bad.nonzero()[0])
            value = float(tensor[first])
            raise Unfit("not_finite", name=name, count=int(bad.sum()), index=first, value=value)


def mib(size: int) -> str:
    """A size for the words that name it."""
    return f"{size / 2**20:,.1f}"


def _npz(data: bytes) -> dict[str, Tensor]:
    """The arrays of an NPZ; sizes are checked from the headers before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_TENSORS:
                raise Unfit("too_many", count=len(entries), limit=MAX_TENSORS)
            total = sum(entry.file_size for entry in entries)
            if total > MAX_BYTES:
                raise Unfit("too_large", size=mib(total), limit=mib(MAX_BYTES))
            return {
                entry.filename.removesuffix(".npy"): _entry(archive, entry) for entry in entries
            }
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise Unfit("broken", kind="NPZ", reason=str(error)) from error


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Tensor:
    name = entry.filename.removesuffix(".npy")
    if not entry.filename.endswith(".npy"):
        raise Unfit("no_array", name=entry.filename)
    with archive.open(entry) as stream:
        content = stream.read(MAX_BYTES)
    dtype, start = _header(name, io.BytesIO(content))
    if dtype[0].kind not in _NUMPY:
        raise Unfit("dtype", name=name, dtype=str(dtype[0]))
    count = math.prod(dtype[1])
    if count * dtype[0].itemsize != len(content) - start:
        raise Unfit("cut_off", name=name, shape=dtype[1])
    array = np.load(io.BytesIO(content), allow_pickle=False)
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    return torch.from_numpy(np.asarray(_known(native), order="C"))


def _known(array: Any) -> Any:
    """Unsigned numbers that torch knows little of, and floats beyond 64 bits, as those it knows."""
    if array.dtype.kind == "u" and array.dtype.itemsize > 1:
        return array.astype(np.int64)
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        return array.astype(np.float64)
    return array


def _header(name: str, stream: IO[bytes]) -> tuple[tuple[Any, tuple[int, ...]], int]:
    """Dtype and shape that an array's header names, and where its numbers begin."""
    try:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        else:
            shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
    except ValueError as error:
        raise Unfit("broken", kind=name, reason=str(error)) from error
    return (dtype, shape), stream.tell()


def _safetensors(data: bytes) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load as read

    try:
        found: dict[str, Tensor] = read(data)
    except (SafetensorError, ValueError, KeyError, AttributeError) as error:
        raise Unfit("broken", kind="safetensors", reason=str(error)) from error
    if len(found) > MAX_TENSORS:
        raise Unfit("too_many", count=len(found), limit=MAX_TENSORS)
    for name, tensor in found.items():
        if tensor.dtype in (torch.uint16, torch.uint32, torch.uint64):
            found[name] = tensor.to(torch.int64)
        elif tensor.is_floating_point() and tensor.element_size() < 2:
            raise Unfit("dtype", name=name, dtype=str(tensor.dtype).removeprefix("torch."))
    return found
