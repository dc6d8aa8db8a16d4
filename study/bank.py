"""The question bank: `questions/<topic>.yaml` as immutable models.

A broken entry is left out and told in `Bank.errors`; the rest of the bank stays usable.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import parse_qs

from pydantic import BeforeValidator, Field, FiniteFloat, StringConstraints, model_validator

from study.cache import Cache
from study.document import DataError, Document, Location, read, validate
from study.entry import Entry, FollowUp, Frequency, Id, Level, Minutes, Role, VariantName
from study.folders import ATTENTION, QUESTIONS, SOLUTIONS, data_folder
from study.links import Targets, broken_links, problem_slugs, variant_names
from study.text import Line, Text

Truth = Annotated[bool, Field(strict=True)]
Order = Annotated[int, Field(strict=True)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]


def _in_both(unit: object) -> object:
    """A symbol such as "GiB" as the same text in both languages; "" is no unit."""
    if isinstance(unit, str):
        return {"en": unit, "zh": unit} if unit else None
    return unit


Unit = Annotated[Text | None, BeforeValidator(_in_both)]


class Topic(Entry):
    """One file of the bank; topics are shown by `order`, then by id."""

    id: Id
    title: Text
    order: Order


class Pitfall(Entry):
    """A claim candidates make, and why it is wrong."""

    claim: Text
    why: Text


class Source(Entry):
    """A publication and the place in it (section, equation) that says what the answer says."""

    title: Line
    where: Line
    url: Url


class LabLink(Entry):
    """A set-up of the lab: the query part of its URL, such as `variant=causal&heads=4`."""

    title: Text
    query: Line


class Choice(Entry):
    """One option of a multiple-choice question, right or wrong, and why."""

    text: Text
    correct: Truth
    why: Text


class Compute(Entry):
    """A number to work out: `expression` is the Python that gives `answer` within `tolerance`.

    A `unit` that is words is written in both languages, a symbol once, and no unit as "".
    """

    unit: Unit
    expression: Line
    answer: FiniteFloat
    tolerance: Annotated[FiniteFloat, Field(ge=0)]


class QuestionEntry(Entry):
    """A question as its author writes it."""

    id: Id
    level: Level
    frequency: Frequency
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    minutes: Minutes
    question: Text
    short: Text
    answer: Text
    rubric: Annotated[tuple[Text, ...], Field(min_length=3, max_length=6)]
    pitfalls: Annotated[tuple[Pitfall, ...], Field(min_length=1)]
    follow_ups: Annotated[tuple[FollowUp, ...], Field(min_length=2, max_length=4)]
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    variants: tuple[VariantName, ...] = ()
    problems: tuple[Id, ...] = ()
    lab: tuple[LabLink, ...] = ()
    choices: Annotated[tuple[Choice, ...], Field(min_length=2)] | None = None
    compute: Compute | None = None
    demo: Line | None = None

    @model_validator(mode="after")
    def _one_choice_is_right(self) -> Self:
        if self.choices and not any(choice.correct for choice in self.choices):
            raise ValueError("none of the choices is correct")
        return self


class Question(QuestionEntry):
    """A question of the bank, with the id of its topic."""

    topic: str


@dataclass(frozen=True)
class Bank:
    """All questions, by the order of their topics and then as they stand in the files."""

    questions: tuple[Question, ...] = ()
    errors: tuple[DataError, ...] = ()
    topics: tuple[Topic, ...] = ()
    _by_id: dict[str, Question] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_id = {question.id: question for question in self.questions}
        object.__setattr__(self, "_by_id", by_id)

    def get(self, id: str) -> Question | None:
        """The question with this id, or None: it never existed or its entry is broken."""
        return self._by_id.get(id)

    def topic(self, id: str) -> Topic | None:
        """The topic with this id."""
        return next((topic for topic in self.topics if topic.id == id), None)


def load_bank(
    folder: Path = QUESTIONS,
    *,
    attention: Path = ATTENTION,
    solutions: Path = SOLUTIONS,
    also: Iterable[Path] = (),
) -> Bank:
    """Read every topic file of `folder`, and the files in `also` after them."""
    targets = Targets(variants=variant_names(attention), problems=problem_slugs(solutions))
    # Only the real bank is kept between starts, not folders made for a test.
    cache = Cache(data_folder() / "cache" / "questions.json" if folder == QUESTIONS else None)
    reader = _Reader(targets)
    with _collector_paused():
        for file in (*sorted(folder.glob("[!.]*.yaml")), *also):
            reader.add(read(file, cache))
    for file in sorted(folder.glob("[!.]*.yml")):
        reader.errors.append(DataError(file, 1, "", "is not read: rename it to end in .yaml"))
    cache.save()
    return reader.bank()


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Nearly all that loading makes is kept: looking for garbage would double the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


class _Reader:
    """Gathers files into a bank; an id belongs to the entry that has it first."""

    def __init__(self, targets: Targets) -> None:
        self.targets = targets
        self.questions: list[Question] = []
        self.errors: list[DataError] = []
        self.topics: dict[str, Topic] = {}
        self.places: dict[str, tuple[Document, Location]] = {}

    def add(self, document: Document) -> None:
        content = document.value
        outside = [error for at, error in document.flaws if at[:1] != ("questions",)]
        self.errors += [error for error in outside if not error.field.startswith("topic")]
        if not isinstance(content, dict):
            if not document.flaws:
                self.errors.append(document.error((), "needs `topic` and `questions`"))
            return
        for key in content.keys() - {"topic", "questions"}:
            self.errors.append(document.error((key,), "unknown key"))
        topic = self.topic(document, content)
        entries = content.get("questions")
        if not isinstance(entries, list):
            self.errors += document.flaws_within(("questions",))
            self.errors.append(document.error(("questions",), "must be a list of questions"))
            return
        for index, value in enumerate(entries):
            self.question(document, ("questions", index), value, topic)

    def topic(self, document: Document, content: dict[str, Any]) -> Topic:
        """The file's topic; one named after the file if the header is broken."""
        name = document.file.stem
        at: Location = ("topic",)
        topic, errors = validate(document, at, content.get("topic"), Topic)
        if topic is None:
            self.errors += errors
            topic = Topic(id=name, title=Text(en=name, zh=name), order=1_000_000)
        elif topic.id in self.topics:
            self.errors.append(document.error((*at, "id"), self.taken("topic:" + topic.id)))
        self.places.setdefault("topic:" + topic.id, (document, at))
        return self.topics.setdefault(topic.id, topic)

    def question(self, document: Document, at: Location, value: Any, topic: Topic) -> None:
        entry, errors = validate(document, at, value, QuestionEntry)
        id = value.get("id") if isinstance(value, dict) else None
        if isinstance(id, str) and id in self.places:
            errors.append(document.error((*at, "id"), self.taken(id)))
        elif isinstance(id, str):
            self.places[id] = document, at
        if entry is not None:
            errors += self.links(document, at, entry)
        self.errors += errors
        if entry is not None and not errors:
            # Already validated: only the topic is added.
            self.questions.append(Question.model_construct(**dict(entry), topic=topic.id))

    def links(self, document: Document, at: Location, entry: QuestionEntry) -> list[DataError]:
        variants, problems = self.targets.variants, self.targets.problems
        errors = [
            *broken_links(document, at, "variants", entry.variants, variants),
            *broken_links(document, at, "problems", entry.problems, problems),
        ]
        for index, link in enumerate(entry.lab):
            for name in parse_qs(link.query).get("variant", []):
                if name not in variants:
                    where = (*at, "lab", index, "query")
                    errors.append(document.error(where, f'there is no variant "{name}"'))
        return errors

    def taken(self, id: str) -> str:
        document, at = self.places[id]
        first = f"{document.file.name}:{document.line(at)}"
        return f'the id "{id.removeprefix("topic:")}" is taken; first in {first}'

    def bank(self) -> Bank:
        topics = sorted(self.topics.values(), key=lambda topic: (topic.order, topic.id))
        position = {topic.id: index for index, topic in enumerate(topics)}
        questions = sorted(self.questions, key=lambda question: position[question.topic])
        return Bank(tuple(questions), tuple(self.errors), tuple(topics))
