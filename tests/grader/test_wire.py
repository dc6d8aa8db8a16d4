"""Frames: what is sent arrives, and what no honest peer sends is refused."""

import json
import math
import socket
import struct
import time
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from grader import wire

DTYPES = sorted(wire.DTYPES)


def passed(message: dict[str, Any]) -> dict[str, Any]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        wire.send(ours, message, math.inf)
        return wire.receive(theirs, math.inf)


def received(data: bytes) -> dict[str, Any]:
    ours, theirs = socket.socketpair()
    with theirs:
        ours.sendall(data)
        ours.close()
        return wire.receive(theirs, time.monotonic() + 10)


def frame(header: Any, payload: bytes = b"") -> bytes:
    return with_lengths(json.dumps(header).encode(), payload)


def with_lengths(text: bytes, payload: bytes = b"") -> bytes:
    text += b" " * (-len(text) % wire.ALIGNMENT)
    return struct.pack(">II", len(text), len(payload)) + text + payload


@given(st.sampled_from(DTYPES), st.lists(st.integers(0, 4), max_size=4))
def test_tensors_arrive_as_they_were(name: str, shape: list[int]) -> None:
    count = math.prod(shape)
    tensor = (torch.arange(count) % 2).to(wire.DTYPES[name]).reshape(shape)
    (value,) = passed({"x": (tensor,)})["x"]
    assert value.dtype == tensor.dtype
    assert torch.equal(value, tensor)


names = st.text().filter(lambda name: not name.startswith("$"))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.text()
    | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple) | st.dictionaries(names, inner, max_size=3)
    ),
    max_leaves=10,
)


@given(values)
def test_values_arrive_as_they_were(value: Any) -> None:
    assert passed({"x": value})["x"] == value


def test_tickets_and_one_pass_iterables_arrive() -> None:
    once = passed({"x": wire.Once([torch.ones(2)])})["x"]
    assert [item.tolist() for item in once.read()] == [[1, 1]]
    assert passed({"x": wire.Ticket(3)})["x"] == wire.Ticket(3)


def test_a_single_element_of_any_stride_arrives() -> None:
    value = torch.tensor([[1.0, 2.0]], dtype=torch.float64)[..., 1]
    assert value.stride() == (2,)
    assert torch.equal(passed({"value": value})["value"], value)


def test_noncontiguous_tensors_arrive() -> None:
    tensor = torch.arange(6).reshape(2, 3).T
    assert torch.equal(passed({"x": tensor})["x"], tensor)


@given(st.binary(max_size=200))
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises((wire.WireError, wire.Closed)):
        received(with_lengths(data))


@pytest.mark.parametrize(
    "header",
    [
        None,
        [],
        {"tree": {}, "tensors": {}},
        {"tree": {}},
        {"tree": {"x": {"$t": 0}}, "tensors": []},
        {"tree": {"x": {"$t": -1}}, "tensors": [["bool", [0]]]},
        {"tree": {"x": {"$t": "0"}}, "tensors": []},
        {"tree": {"x": {"$y": 1}}, "tensors": []},
        {"tree": {}, "tensors": [["float128", [1]]]},
        {"tree": {}, "tensors": [["float32", [-1]]]},
        {"tree": {}, "tensors": [["float32", [1.5]]]},
        {"tree": {}, "tensors": [["float32", [True]]]},
        {"tree": {}, "tensors": [["float64", [1 << 20, 1 << 20]]]},
        {"tree": {}, "tensors": [["uint8", [1] * 33]]},
        {"tree": 1, "tensors": []},
    ],
)
def test_malformed_headers_are_refused(header: Any) -> None:
    with pytest.raises(wire.WireError):
        received(frame(header))


def test_deep_nesting_and_huge_headers_are_refused() -> None:
    deep = '{"tree": ' + "[" * 100 + "]" * 100 + ', "tensors": []}'
    with pytest.raises(wire.WireError, match="deep"):
        received(with_lengths(deep.encode()))
    with pytest.raises(wire.WireError):
        received(struct.pack(">II", wire.HEADER_LIMIT + 16, 0))
    with pytest.raises(wire.WireError):
        received(struct.pack(">II", 2, 0) + b"{}")
    with pytest.raises(wire.WireError):
        received(struct.pack(">II", 16, wire.PAYLOAD_LIMIT + 1))


def test_bools_that_are_no_bools_are_refused() -> None:
    header = {"tree": {"x": {"$t": 0}}, "tensors": [["bool", [2]]]}
    with pytest.raises(wire.WireError):
        received(frame(header, b"\x00\x07" + bytes(14)))


@pytest.mark.parametrize("size", [0, 4, 8, 15, 17, 32])
def test_payloads_of_another_size_than_the_tensors_are_refused(size: int) -> None:
    header = {"tree": {"x": {"$t": 0}}, "tensors": [["float32", [2]]]}
    with pytest.raises(wire.WireError, match="bytes than"):
        received(frame(header, bytes(size)))


def test_silence_meets_the_deadline() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(wire.Late):
        wire.receive(ours, time.monotonic() + 0.05)


def test_what_has_no_place_on_the_wire_is_refused() -> None:
    with pytest.raises(TypeError):
        wire.frame({"value": object()})


def test_packed_weights_come_apart_as_they_were() -> None:
    weights = {"a.weight": torch.randn(2, 3), "a.bias": torch.randn(2), "scale": torch.randn(())}
    back = wire.unpacked(passed({"x": wire.packed(weights)})["x"])
    assert list(back) == list(weights)
    assert all(torch.equal(back[name], weights[name]) for name in weights)
    assert wire.unpacked(wire.packed({})) == {}
