"""Reading the query of an address value by value, with a complaint for each that is no good."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Complaint:
    """A value in an address that is no good: which, what it was, and what stands in for it."""

    name: str
    value: str
    used: str


def word(value: Any) -> str:
    """A value as it stands in a link."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


class Reader:
    """Reads one query, remembering what was read and what was no good."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self.query = query
        self.seen = {"lang"}
        self.complaints: list[Complaint] = []

    def text(self, name: str, default: str) -> str:
        """The text of a name, or the default where there is none."""
        self.seen.add(name)
        return self.query.get(name) or default

    def choice(self, name: str, options: Sequence[str], default: str) -> str:
        """One of the options; a complaint and the default for anything else."""
        value = self.text(name, default)
        if value in options:
            return value
        return str(self.complain(name, value, default))

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """A number between low and high; a complaint and the nearest for one outside."""
        text = self.text(name, "")
        if not text:
            return default
        try:
            value = float(text)
        except ValueError:
            return float(self.complain(name, text, default))
        if low <= value <= high:  # false for NaN as well
            return value
        nearest = min(max(value, low), high) if value == value else default
        return float(self.complain(name, text, nearest))

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number between low and high; a complaint and the nearest for one outside."""
        text = self.text(name, "")
        if not text:
            return default
        try:
            value = int(text)
        except ValueError:
            return int(self.complain(name, text, default))
        nearest = min(max(value, low), high)
        return value if value == nearest else int(self.complain(name, text, nearest))

    def optional(self, name: str) -> int | None:
        """A whole number from 0, or None where nothing is said."""
        text = self.text(name, "")
        if not text or text.isdecimal():
            return int(text) if text else None
        self.complain(name, text, "–")
        return None

    def digest(self, name: str) -> str:
        """The first digits of a file's hash, none if nothing is said."""
        text = self.text(name, "")
        if text and not re.fullmatch(r"[0-9a-f]{12}", text):
            self.complain(name, text, "–")
            return ""
        return text

    def complain(self, name: str, value: str, used: Any) -> Any:
        """Note that a value is no good, and return what stands in for it."""
        self.complaints.append(Complaint(name, value, word(used)))
        return used

    def finish(self) -> list[Complaint]:
        """All complaints, with one for each name that means nothing to this variant."""
        unknown = [name for name in self.query if name not in self.seen]
        return [*self.complaints, *(Complaint(n, self.query[n], "") for n in unknown)]
