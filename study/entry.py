"""What questions and problems have in common: the vocabulary and the shape of an entry."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from study.text import Text

Level = Literal["easy", "medium", "hard"]
Frequency = Literal["very-frequent", "frequent", "occasional"]
Role = Literal["language", "vision", "inference", "research", "recommendation", "general"]

LEVELS: tuple[Level, ...] = ("easy", "medium", "hard")
FREQUENCIES: tuple[Frequency, ...] = ("very-frequent", "frequent", "occasional")
ROLES: tuple[Role, ...] = (
    "language", "vision", "inference", "research", "recommendation", "general",
)  # fmt: skip

KEBAB_CASE = r"^[a-z0-9]+(-[a-z0-9]+)*$"
SNAKE_CASE = r"^[a-z][a-z0-9_]*$"

Id = Annotated[str, StringConstraints(pattern=KEBAB_CASE)]
VariantName = Annotated[str, StringConstraints(pattern=SNAKE_CASE)]
# Strict: `true`, `3.0` and `"3"` are mistakes in the file, not minutes.
Minutes = Annotated[int, Field(strict=True, ge=1, le=240)]


class Entry(BaseModel):
    """Base of everything read from YAML: immutable, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FollowUp(Entry):
    """What an interviewer asks next, with its own answer."""

    question: Text
    answer: Text


def rank(frequency: Frequency, level: Level) -> tuple[int, int]:
    """Sort key: what is asked most comes first, and of that the easiest."""
    return FREQUENCIES.index(frequency), LEVELS.index(level)
