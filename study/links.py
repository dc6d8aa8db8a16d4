"""What entries may link to, found by file name: nothing is imported, least of all torch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from study.document import DataError, Document, Location, suggestion
from study.folders import ATTENTION, QUESTIONS, SOLUTIONS

_VARIANT = re.compile(r"^VARIANT\b", re.MULTILINE)
_ID = re.compile(r"""^\s*(?:-\s+)?\{?\s*id:\s*["']?([a-z0-9-]+)""", re.MULTILINE)


@dataclass(frozen=True)
class Targets:
    """The names that exist, by the kind of link that leads to them."""

    variants: frozenset[str] = frozenset()
    problems: frozenset[str] = frozenset()
    questions: frozenset[str] = frozenset()


def variant_names(folder: Path = ATTENTION) -> frozenset[str]:
    """Names of the reference implementations: modules that declare a VARIANT."""
    return frozenset(
        file.stem
        for file in folder.glob("[!_]*.py")
        if _VARIANT.search(file.read_text("utf-8", errors="replace"))
    )


def problem_slugs(folder: Path = SOLUTIONS) -> frozenset[str]:
    """Slugs of the coding problems: folders that hold a problem.yaml."""
    return frozenset(file.parent.name for file in folder.glob("[!._]*/problem.yaml"))


def question_ids(folder: Path = QUESTIONS) -> frozenset[str]:
    """Ids written in the question bank.

    Found in the text, so that a problem stays when the question it links to has a mistake,
    and so that reading the problems does not read the whole bank.
    """
    found: set[str] = set()
    for file in folder.glob("[!.]*.yaml"):
        if file.is_file():
            found.update(_ID.findall(file.read_text("utf-8", errors="replace")))
    return frozenset(found)


def broken_links(
    document: Document, location: Location, field: str, names: Iterable[str], known: frozenset[str]
) -> Iterator[DataError]:
    """A mistake for every name in the list `field` of the entry that leads to nothing."""
    for index, name in enumerate(names):
        if name not in known:
            message = f'leads to nothing: there is no "{name}"' + suggestion(name, known)
            yield document.error((*location, field, index), message)
