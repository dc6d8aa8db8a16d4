"""Parsed files kept between starts: never out of date, and never needed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from study import document
from study.cache import Cache
from study.document import read


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "source.yaml"
    file.write_text("a: [1, 2.5, true, null, 文, {b: c}]\n", "utf-8")
    return file


def keep(source: Path, kept: Path) -> object:
    cache = Cache(kept)
    value = read(source, cache).value
    cache.save()
    return value


def no_parser(*_: object, **__: object) -> None:
    raise AssertionError("parsed again")


def test_a_file_is_parsed_once(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "new" / "kept.json"
    value = keep(source, kept)
    assert value == {"a": [1, 2.5, True, None, "文", {"b": "c"}]}
    monkeypatch.setattr(document, "_compose", no_parser)
    assert keep(source, kept) == value


def test_a_changed_file_is_parsed_again(source: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    keep(source, kept)
    source.write_text("a: 2\n")
    assert keep(source, kept) == {"a": 2}


def test_a_file_with_a_flaw_is_never_kept(source: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    source.write_text("a: 1\na: 2\n")
    keep(source, kept)
    assert [error.message for _, error in read(source, Cache(kept)).flaws] != []


def test_lines_are_known_for_a_kept_file(source: Path, tmp_path: Path) -> None:
    source.write_text("a: 1\nb:\n  c: 2\n")
    kept = tmp_path / "kept.json"
    keep(source, kept)
    assert read(source, Cache(kept)).line(("b", "c")) == 3


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[]", b'{"format": 1}', b'{"format": 1, "values": 3}', b"[" * 99999]
)
def test_a_damaged_copy_is_as_good_as_none(source: Path, tmp_path: Path, content: bytes) -> None:
    kept = tmp_path / "kept.json"
    kept.write_bytes(content)
    value = keep(source, kept)
    assert isinstance(value, dict)
    assert Cache(kept).get(source.read_bytes(), lambda: (no_parser(), False)) == value


def test_a_copy_from_another_version_is_not_used(source: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    value = keep(source, kept)
    old = json.loads(kept.read_bytes())
    old |= {"format": old["format"] - 1, "values": dict.fromkeys(old["values"], "old")}
    kept.write_text(json.dumps(old))
    assert keep(source, kept) == value


def test_a_copy_that_cannot_be_written_is_done_without(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert keep(source, tmp_path / "file" / "kept.json") is not None


def test_what_no_file_holds_any_more_is_dropped(source: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    keep(source, kept)
    source.write_text("other: 1\n")
    keep(source, kept)
    assert "文" not in kept.read_text("utf-8")
    assert [file.name for file in tmp_path.iterdir() if file != source] == ["kept.json"]
