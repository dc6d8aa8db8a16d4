"""YAML files read so that every mistake is told with its file, line and field."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from study.cache import Cache

# libyaml parses about ten times as fast as the Python parser; both make the same nodes.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_DEPTH = 20
_TAG = "tag:yaml.org,2002:"

Location = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class DataError:
    """One mistake in a data file. `line` counts from 1; `field` is empty for a whole file."""

    file: Path
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        where = f"{_shown(self.file)}:{self.line}: "
        return where + (f"{self.field}: " if self.field else "") + self.message


@dataclass
class Document:
    """A YAML file as plain values, with the line of every one of them."""

    file: Path
    text: str = ""
    value: Any = None
    flaws: list[tuple[Location, DataError]] = field(default_factory=list)

    @cached_property
    def root(self) -> yaml.Node | None:
        """The root node; None if there is none.

        Parsed again when a line is asked for: nodes take thirty times the memory of the text.
        """
        try:
            return _compose(self.text)
        except (yaml.YAMLError, RecursionError):
            return None

    def error(self, location: Location, message: str, line: int | None = None) -> DataError:
        """A mistake at `location`, with its line found in the file."""
        line = self.line(location) if line is None else line
        return DataError(self.file, line, field_name(location), message)

    def line(self, location: Location) -> int:
        """Line of the key or list item at `location`, or of the nearest part that exists."""
        node, line = self.root, 1
        for step in location:
            found = _child(node, step)
            if found is None:
                break
            line, node = found
        return line

    def flaws_within(self, location: Location) -> list[DataError]:
        """Mistakes in the YAML itself at or below `location`."""
        return [error for at, error in self.flaws if at[: len(location)] == location]


def read(file: Path, cache: Cache | None = None) -> Document:
    """Read a YAML file; what is wrong with it stands in the document's `flaws`.

    A file that cannot be read at all gives the value None and one flaw at the root.
    """
    document = Document(file)
    try:
        content = file.read_bytes()
        document.text = content.decode("utf-8")
    except OSError as error:
        _reject(document, 1, f"cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        _reject(document, line, "is not UTF-8; save the file in that encoding")
    else:
        document.value = (cache or Cache()).get(content, lambda: _parse(document))
    return document


def _parse(document: Document) -> tuple[Any, bool]:
    """The document's value, and whether the file is free of flaws, so that it may be kept."""
    try:
        root = _compose(document.text)
    except (yaml.YAMLError, RecursionError) as error:
        _reject(document, *_syntax_message(document.text, error))
        return None, False
    value = _Builder(document).build(root, ()) if root is not None else None
    return value, not document.flaws


def validate(
    document: Document, location: Location, value: Any, model: type[Model]
) -> tuple[Model | None, list[DataError]]:
    """The part of the document at `location` as a model, or None and all its mistakes."""
    errors = document.flaws_within(location)
    try:
        made = model.model_validate(value)
    except ValidationError as error:
        details = error.errors(include_url=False)
        found = [
            _from_pydantic(document, location, model, detail)
            for detail in details
            if not (detail["type"] == "too_short" and _has_below(details, detail["loc"]))
        ]
        told = {error.field for error in errors}
        return None, errors + [error for error in found if error.field not in told]
    return (None if errors else made), errors


def field_name(location: Location) -> str:
    """`("questions", 3, "answer", "zh")` as `questions[3].answer.zh`."""
    name = ""
    for step in location:
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else step
    return name


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean "…"?` if something known is close to `word`, else nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f'; did you mean "{close[0]}"?' if close else ""


class _Builder:
    """Plain values from nodes. YAML's surprises become mistakes or text, never other types."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.seen: set[int] = set()

    def build(self, node: yaml.Node, at: Location) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node, at)
        if id(node) in self.seen:  # an alias; it may even contain itself
            return self.flaw(node, at, "aliases (*name) are not supported; write the value out")
        self.seen.add(id(node))
        if len(at) > _MAX_DEPTH:
            return self.flaw(node, at, "is nested too deeply")
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*at, index)) for index, item in enumerate(node.value)]
        return self.mapping(node, at)

    def mapping(self, node: yaml.Node, at: Location) -> dict[str, Any]:
        values: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.flaw(key_node, at, "a key must be a word")
                continue
            key = str(key_node.value)
            if key in values:
                message = f"the key stands twice; first on line {lines[key]}"
                self.flaw(key_node, (*at, key), message)
                continue
            lines[key] = key_node.start_mark.line + 1
            values[key] = self.build(value_node, (*at, key))
        return values

    def scalar(self, node: yaml.ScalarNode, at: Location) -> Any:
        tag, text = node.tag.removeprefix(_TAG), str(node.value)
        if tag == "null":
            return None
        if tag == "bool":
            return text.lower() in ("true", "yes", "on")
        if tag in ("int", "float"):
            return _number(text)
        if tag in ("str", "timestamp", "merge", "value"):
            return text
        return self.flaw(node, at, f"the tag {node.tag} is not supported")

    def flaw(self, node: yaml.Node, at: Location, message: str) -> None:
        error = self.document.error(at, message, node.start_mark.line + 1)
        self.document.flaws.append((at, error))


def _compose(text: str) -> yaml.Node | None:
    root: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    return root


def _number(text: str) -> int | float | str:
    """A decimal number, or the text: YAML 1.1 reads 1:30 as 90 and 010 as 8, nobody means it."""
    if len(text) > 1 and text.lstrip("+-").startswith("0") and text.isdigit():
        return text
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _child(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key.start_mark.line + 1, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item: yaml.Node = node.value[step]
        return item.start_mark.line + 1, item
    return None


def _reject(document: Document, line: int, message: str) -> None:
    document.flaws.append(((), DataError(document.file, line, "", message)))


def _syntax_message(text: str, error: Exception) -> tuple[int, str]:
    """Line and words of what the YAML parser says."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        return 1, "is not valid YAML: " + " ".join(reason.split())
    lines = text.splitlines() or [""]
    line = min(error.problem_mark.line, len(lines) - 1)  # an end missed is told after the last
    content = lines[line]
    tab = "\t" in content[: len(content) - len(content.lstrip())]
    hint = "; indent with spaces, not tabs" if tab else ""
    return line + 1, f"is not valid YAML: {error.problem}{hint}"


def _has_below(details: list[Any], location: Location) -> bool:
    """Whether an item of this list is itself wrong: pydantic then also calls the list short."""
    return any(
        len(detail["loc"]) > len(location) and detail["loc"][: len(location)] == location
        for detail in details
    )


def _from_pydantic(
    document: Document, location: Location, model: type[BaseModel], detail: Any
) -> DataError:
    loc: Location = detail["loc"]
    message = _message(detail)
    if detail["type"] == "extra_forbidden" and len(loc) == 1:
        message += suggestion(str(loc[0]), model.model_fields)
    return document.error((*location, *loc), message)


def _message(detail: Any) -> str:
    """A mistake in an author's words. `detail` is one item of `ValidationError.errors()`."""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "unknown key"
        case "string_type":
            return "must be text; put quotes round a number, a date, yes or no"
        case "string_too_short":
            return "is empty"
        case "literal_error":
            return f"must be {context['expected']}, not {detail['input']!r}"
        case "string_pattern_mismatch":
            return f"{detail['input']!r} does not match {context['pattern']}"
        case "model_type":
            return "must be a mapping of keys to values"
        case "tuple_type":
            return "must be a list"
        case "too_short":
            return f"needs at least {context['min_length']}, has {context['actual_length']}"
        case "too_long":
            return f"takes at most {context['max_length']}, has {context['actual_length']}"
        case "value_error":
            return str(context["error"])
    return str(detail["msg"])


def _shown(file: Path) -> Path:
    """The path as the reader would type it."""
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file
