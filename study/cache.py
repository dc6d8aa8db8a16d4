"""Parsed YAML kept between starts: parsing it takes thirty times as long as reading it back.

What is kept is found by the content of the file, so it cannot be out of date, and it is only
a copy: when it is missing, damaged or cannot be written, the files are parsed again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

_FORMAT = 1  # raise it when the same file would give other values


class Cache:
    """Values by the content they were parsed from; without a file it keeps nothing."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._kept: dict[str, Any] = _load(file) if file is not None else {}
        self._used: dict[str, Any] = {}

    def get(self, content: bytes, parse: Callable[[], tuple[Any, bool]]) -> Any:
        """The value kept for `content`, or what `parse` gives; its second item says: keep it."""
        key = hashlib.sha256(content).hexdigest()
        keep = True
        value = self._kept.get(key)
        if value is None:
            value, keep = parse()
        if keep:
            self._used[key] = value
        return value

    def save(self) -> None:
        """Write what was used; what no file holds any more is dropped."""
        if self._file is None or self._used.keys() == self._kept.keys():
            return
        content = json.dumps({"format": _FORMAT, "values": self._used}, ensure_ascii=False)
        with contextlib.suppress(OSError, UnicodeEncodeError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            _replace(self._file, content.encode())


def _load(file: Path) -> dict[str, Any]:
    try:
        kept = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(kept, dict) or kept.get("format") != _FORMAT:
        return {}
    values = kept.get("values")
    return values if isinstance(values, dict) else {}


def _replace(file: Path, content: bytes) -> None:
    """Write a file in one step: two apps that start together must not mix their bytes."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
