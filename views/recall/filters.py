"""What the list of questions shows: the filters as they stand in the page's address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from study.bank import Bank
from study.entry import FREQUENCIES, LEVELS, ROLES
from study.search import STATES


@dataclass(frozen=True)
class Filters:
    """Search words, the choices made (empty for any), and the page of the list from 1."""

    q: str = ""
    topic: str = ""
    level: str = ""
    state: str = ""
    frequency: str = ""
    role: str = ""
    page: int = 1

    def address(self) -> dict[str, str]:
        """As query parameters; what is not set does not appear."""
        unset = asdict(Filters())
        return {name: str(value) for name, value in asdict(self).items() if value != unset[name]}


def options(bank: Bank) -> dict[str, tuple[str, ...]]:
    """What each choice can be."""
    topics = tuple(topic.id for topic in bank.topics)
    return {
        "topic": topics,
        "level": LEVELS,
        "state": STATES,
        "frequency": FREQUENCIES,
        "role": ROLES,
    }


def read_filters(query: Mapping[str, str], bank: Bank) -> tuple[Filters, dict[str, str]]:
    """The filters of an address, and those parts of it that name nothing there is."""
    chosen: dict[str, str] = {}
    unknown: dict[str, str] = {}
    for name, known in options(bank).items():
        value = query.get(name, "")
        if value in known:
            chosen[name] = value
        elif value:
            unknown[name] = value
    page = query.get("page", "1")
    number = int(page) if page.isdecimal() and len(page) < 9 else 0
    if number < 1:
        unknown["page"] = page
    made = Filters(query.get("q", ""), page=max(1, number))
    return replace(made, **chosen), unknown  # type: ignore[arg-type]  # all of them are texts
