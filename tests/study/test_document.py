"""YAML as authors mean it: what YAML 1.1 would turn into another type stays text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from study import document
from study.document import Document, field_name, read


def value_of(text: str, folder: Path) -> Any:
    file = folder / "file.yaml"
    file.write_text(text, "utf-8")
    found = read(file)
    assert found.flaws == []
    return found.value


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("3", 3),
        ("-3", -3),
        ("1_000", 1000),
        ("2.5", 2.5),
        ("1.4e+11", 1.4e11),
        ("true", True),
        ("no", False),
        ("~", None),
        ("", None),
        ("2024-01-31", "2024-01-31"),
        ("12:30", "12:30"),
        ("010", "010"),
        ("0", 0),
        ("0.5", 0.5),
        ("=", "="),
        ("'3'", "3"),
        ("a: b", {"a": "b"}),
        ("<<: a", {"<<": "a"}),
        ("[a, 1]", ["a", 1]),
    ],
)
def test_scalars(tmp_path: Path, written: str, meant: object) -> None:
    found = value_of(written, tmp_path)
    assert found == meant
    assert type(found) is type(meant)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert value_of("\ufeffa: 1\n", tmp_path) == {"a": 1}


@pytest.mark.parametrize("loader", [yaml.SafeLoader, document._Loader])
def test_both_parsers_give_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loader: object
) -> None:
    monkeypatch.setattr(document, "_Loader", loader)
    file = tmp_path / "file.yaml"
    file.write_text("a: 1\na: 2\nb: {c: [3]}\n? [x]\n: 4\n")
    found = read(file)
    assert found.value == {"a": 1, "b": {"c": [3]}}
    assert [(error.line, error.field) for _, error in found.flaws] == [(2, "a"), (4, "")]
    assert found.line(("b", "c", 0)) == 3


def test_lines_of_what_exists_and_of_what_does_not(tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_text("# comment\na:\n  - b: 1\n    c: |\n      long\n      text\n  - d: 2\n")
    found = read(file)
    places = {(): 1, ("a",): 2, ("a", 0): 3, ("a", 0, "c"): 4, ("a", 1, "d"): 7}
    assert {at: found.line(at) for at in places} == places
    assert found.line(("a", 0, "missing")) == 3
    assert found.line(("a", 9)) == 2
    assert Document(file).line(("a",)) == 1


def test_nesting_without_end_is_a_mistake_not_a_crash(tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_text("[" * 40 + "]" * 40)
    assert [error.message for _, error in read(file).flaws] == ["is nested too deeply"]


def test_field_names() -> None:
    assert field_name(("questions", 3, "answer", "zh")) == "questions[3].answer.zh"
    assert field_name(()) == ""


# Infinity and NaN are left out: no field of the content takes them.
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | st.text() | NUMBERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=VALUES)
def test_what_yaml_writes_is_read_back(tmp_path: Path, value: Any) -> None:
    assert value_of(yaml.safe_dump(value), tmp_path) == value
