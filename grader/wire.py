"""Frames between judge and submission: a JSON header, then raw tensor bytes. Never pickle.

A frame is the lengths of header and payload (4 bytes each), the header, and the payload: the
tensors' bytes one after another. Header and tensors are padded to 16 bytes. The header holds a tree
in which a tensor is `{"$t": index}`; everything a peer sends is checked before use, because the
peer may be hostile.
"""

from __future__ import annotations

import json
import math
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

HEADER_LIMIT = 1 << 20
PAYLOAD_LIMIT = 64 << 20
MOST_TENSORS = 4096
MOST_AXES = 32
ALIGNMENT = 16
SCALARS = frozenset({type(None), bool, int, float, str})
DEEPEST = 20
DTYPES = {
    name: getattr(torch, name)
    for name in [
        *("float64", "float32", "float16", "bfloat16", "complex64", "complex128"),
        *("int64", "int32", "int16", "int8", "uint8", "bool"),
    ]
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


class WireError(Exception):
    """The peer sent what no honest peer sends."""


class Closed(Exception):
    """The peer is gone."""


class Late(Exception):
    """The deadline passed before the peer answered."""


@dataclass(frozen=True)
class Ticket:
    """A value that stays in the sandbox: the judge holds only its number."""

    number: int


@dataclass(frozen=True)
class Opaque:
    """A value of a kind that cannot be sent: only what it is comes across."""

    kind: str


class Once:
    """An iterable of tensors that can be read only once, on whichever side it is used."""

    def __init__(self, items: list[Tensor]) -> None:
        self.items = items

    def read(self) -> Iterator[Tensor]:
        yield from self.items


def packed(weights: dict[str, Tensor]) -> dict[str, Any]:
    """Tensors of one dtype as a single one, with their shapes by name: quicker to send."""
    flat = [weight.reshape(-1) for weight in weights.values()]
    shapes = {name: list(weight.shape) for name, weight in weights.items()}
    return {"flat": torch.cat(flat) if flat else torch.empty(0), "shapes": shapes}


def unpacked(parts: dict[str, Any]) -> dict[str, Tensor]:
    """What `packed` put together; views of the one tensor."""
    sizes = [math.prod(shape) for shape in parts["shapes"].values()]
    views = torch.split(parts["flat"], sizes)
    named = zip(parts["shapes"].items(), views, strict=True)
    return {name: view.view(shape) for (name, shape), view in named}


def decode(tree: Any, tensors: list[Tensor], depth: int = 0) -> Any:
    """The value of a JSON tree; lists and tuples both come back as tuples."""
    if depth > DEEPEST:
        raise WireError("nested too deeply")
    kind = type(tree)
    if kind in SCALARS:
        return tree
    if kind is list:
        return tuple([decode(item, tensors, depth + 1) for item in tree])
    if len(tree) == 1:
        ((key, body),) = tree.items()
        if key.startswith("$"):
            return _special(key, body, tensors, depth)
    return {key: decode(item, tensors, depth + 1) for key, item in tree.items()}


def _special(key: str, body: Any, tensors: list[Tensor], depth: int) -> Any:
    """The value that an object of one key stands for."""
    if key == "$t" and type(body) is int and 0 <= body < len(tensors):
        return tensors[body]
    if key == "$k" and type(body) is int:
        return Ticket(body)
    if key == "$x" and isinstance(body, str):
        return Opaque(body[:200])
    if key == "$o" and isinstance(body, list):
        return Once([decode(item, tensors, depth + 1) for item in body])
    raise WireError("malformed value")


def send(channel: socket.socket, message: dict[str, Any], deadline: float) -> None:
    """Sends one message; Closed if the peer is gone, Late if it does not take the bytes in time."""
    write(channel, frame(message), deadline)


def frame(message: dict[str, Any]) -> bytes:
    """A message as it is sent.

    Tensors must be dense and on the CPU; TypeError for anything that has no place on the wire.
    """
    tensors: list[Tensor] = []
    layouts: list[list[Any]] = []  # of the tensors, filled while the tree before it is written

    def special(value: Any) -> dict[str, Any]:
        """What JSON has no form for, as an object of one key."""
        if isinstance(value, Tensor):
            tensors.append(value)
            layouts.append([NAMES[value.dtype], list(value.shape)])
            return {"$t": len(tensors) - 1}
        match value:
            case Ticket(number):
                return {"$k": number}
            case Opaque(kind):
                return {"$x": kind}
            case Once():
                return {"$o": value.items}
        raise TypeError(f"no place on the wire for {type(value).__name__}")

    header = json.dumps({"tree": message, "tensors": layouts}, default=special).encode()
    header += b" " * (-len(header) % ALIGNMENT)
    payload = [part for tensor in tensors for part in _padded(tensor)]
    sizes = struct.pack(">II", len(header), sum(map(len, payload)))
    return b"".join([sizes, header, *payload])


def _padded(tensor: Tensor) -> list[memoryview | bytes]:
    """The bytes of a tensor, and zeros up to the next multiple of ALIGNMENT."""
    data = raw(tensor)
    return [data, bytes(-len(data) % ALIGNMENT)]


def raw(tensor: Tensor) -> memoryview:
    """The bytes of a dense tensor, row-major."""
    # A single element is contiguous whatever its stride, so the stride is set by hand.
    flat = tensor.detach().contiguous().as_strided((tensor.numel(),), (1,))
    return memoryview(flat.view(torch.uint8).numpy().data) if flat.numel() else memoryview(b"")


def write(channel: socket.socket, data: bytes, deadline: float) -> None:
    """Sends a frame; Closed or Late as for `send`."""
    try:
        _allow(channel, deadline)
        channel.sendall(data)
    except TimeoutError as error:
        raise Late from error
    except OSError as error:
        raise Closed from error


def receive(channel: socket.socket, deadline: float) -> dict[str, Any]:
    """One frame's message; WireError, Closed or Late."""
    size, length = struct.unpack(">II", read(channel, 8, deadline))
    if size > HEADER_LIMIT or size % ALIGNMENT:
        raise WireError(f"a header of {size} bytes")
    if length > PAYLOAD_LIMIT:
        raise WireError(f"{length >> 20} MiB of tensors in one message")
    body = read(channel, size + length, deadline)
    header = _parse(body[:size])
    message = decode(header["tree"], _tensors(body, size, header["tensors"]))
    if not isinstance(message, dict):
        raise WireError("not a message")
    return message


def _parse(text: bytes | bytearray) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WireError("not JSON") from error
    if not isinstance(header, dict) or set(header) != {"tree", "tensors"}:
        raise WireError("not a header")
    if not isinstance(header["tensors"], list) or len(header["tensors"]) > MOST_TENSORS:
        raise WireError("a malformed list of tensors")
    return header


def _layout(entry: Any) -> tuple[torch.dtype, list[int]]:
    if type(entry) is not list or len(entry) != 2:
        raise WireError("a malformed tensor")
    name, shape = entry
    known = type(name) is str and name in DTYPES and type(shape) is list and len(shape) <= MOST_AXES
    if not known or not all(type(n) is int and 0 <= n <= PAYLOAD_LIMIT for n in shape):
        raise WireError("a malformed tensor")
    return DTYPES[name], shape


def _tensors(body: bytearray, start: int, entries: list[Any]) -> list[Tensor]:
    """The tensors of a frame, views of its bytes from `start`; they must fill it exactly."""
    found: list[Tensor] = []
    for entry in entries:
        dtype, shape = _layout(entry)
        size = dtype.itemsize * math.prod(shape)
        if start + size > len(body):
            raise WireError("fewer bytes than the tensors need")
        found.append(_tensor(body, start, dtype, shape))
        start += size + -size % ALIGNMENT
    if start != len(body):
        raise WireError("more bytes than the tensors need")
    return found


def _tensor(body: bytearray, start: int, dtype: torch.dtype, shape: list[int]) -> Tensor:
    count = math.prod(shape)
    if count == 0:
        try:
            return torch.empty(shape, dtype=dtype)
        except RuntimeError as error:  # its other sizes are beyond counting
            raise WireError("a malformed tensor") from error
    if dtype is torch.bool:
        given = torch.frombuffer(body, dtype=torch.uint8, count=count, offset=start)
        if given.max() > 1:
            raise WireError("a bool that is neither 0 nor 1")
    return torch.frombuffer(body, dtype=dtype, count=count, offset=start).view(shape)


def read(channel: socket.socket, count: int, deadline: float) -> bytearray:
    """Exactly `count` bytes."""
    data = bytearray(count)
    view, done = memoryview(data), 0
    while done < count:
        try:
            _allow(channel, deadline)
            got = channel.recv_into(view[done:] if done else view)
        except TimeoutError as error:
            raise Late from error
        except OSError as error:
            raise Closed from error
        if not got:
            raise Closed
        done += got
    return data


def _allow(channel: socket.socket, deadline: float) -> None:
    if math.isinf(deadline):
        if channel.gettimeout() is not None:
            channel.settimeout(None)
        return
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    channel.settimeout(left)
