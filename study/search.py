"""Full-text search over the question bank in both languages, with filters.

An inverted index in memory: every token maps to the set of questions that contain it, as the
bits of one integer, so that "and" and "or" over 10,000 questions are single operations. A token
is a Latin word or number, or two neighbouring Chinese characters: Chinese puts no spaces between
words, and pairs find any of them without a dictionary.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from study.bank import Question, Topic
from study.text import Text

if TYPE_CHECKING:  # searching does not need the database
    from study.store import Rating

State = Literal["unread", "again", "hard", "good", "easy"]
STATES: tuple[State, ...] = ("unread", "again", "hard", "good", "easy")

_HAN = "\u3400-\u9fff\uf900-\ufaff"
_RUN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")


class Search:
    """An index of questions; build it once for a bank, and ask it often and from any thread."""

    def __init__(self, questions: Sequence[Question], topics: Iterable[Topic] = ()) -> None:
        self.questions = tuple(questions)
        titles = {topic.id: _both(topic.title) for topic in topics}
        self._asked = _Index(_both(question.question) for question in questions)
        self._all = _Index(
            f"{titles.get(question.topic, '')}\n{_everything(question)}" for question in questions
        )

    def find(
        self,
        query: str = "",
        *,
        topics: Collection[str] = (),
        levels: Collection[str] = (),
        frequencies: Collection[str] = (),
        roles: Collection[str] = (),
        states: Collection[str] = (),
        ratings: Mapping[str, Rating] | None = None,
    ) -> tuple[Question, ...]:
        """Questions that contain every word of `query` and pass every filter that is not empty.

        In the order of the bank, those first in which the question itself holds the words.
        A Latin word also matches the beginning of a longer one; case does not matter.
        `states` needs the user's `ratings`.
        """
        rated = ratings or {}
        found = self._ranked(query)
        return tuple(
            question
            for question in found
            if (not topics or question.topic in topics)
            and (not levels or question.level in levels)
            and (not frequencies or question.frequency in frequencies)
            and (not roles or any(role in roles for role in question.roles))
            and (not states or state(question, rated) in states)
        )

    def _ranked(self, query: str) -> Iterable[Question]:
        words = list(_words(query))
        if not words:
            return self.questions
        asked, everywhere = self._asked.match(words), self._all.match(words)
        order = [*_bits(asked), *_bits(everywhere & ~asked)]
        return (self.questions[index] for index in order)


def state(question: Question, ratings: Mapping[str, Rating]) -> State:
    """How the user last rated the question, or "unread"."""
    rating = ratings.get(question.id)
    return "unread" if rating is None else rating.rating


class _Index:
    """Sets of documents by token, as bits: bit i stands for document i."""

    def __init__(self, documents: Iterable[str]) -> None:
        places: dict[str, list[int]] = {}
        for index, document in enumerate(documents):
            for token in set(_tokens(document)):
                places.setdefault(token, []).append(index)
        self._vocabulary = sorted(places)
        self._sets = {token: _as_bits(indices) for token, indices in places.items()}

    def match(self, words: Iterable[tuple[str, bool]]) -> int:
        """Documents that contain all words."""
        found = -1
        for token, is_prefix in words:
            found &= self._starting(token) if is_prefix else self._sets.get(token, 0)
        return found

    def _starting(self, prefix: str) -> int:
        found = 0
        for place in range(bisect_left(self._vocabulary, prefix), len(self._vocabulary)):
            token = self._vocabulary[place]
            if not token.startswith(prefix):
                break
            found |= self._sets[token]
        return found


def _normal(text: str) -> str:
    """One form for what looks alike: width, case, and composed or superscript characters."""
    return unicodedata.normalize("NFKC", text).lower()


def _is_han(run: str) -> bool:
    return "\u3400" <= run[0] <= "\u9fff" or "\uf900" <= run[0] <= "\ufaff"


def _tokens(text: str) -> Iterator[str]:
    for run in _RUN.findall(_normal(text)):
        if _is_han(run):
            yield from (run[index : index + 2] for index in range(len(run)))
        else:
            yield run


def _words(query: str) -> Iterator[tuple[str, bool]]:
    """Tokens that must all be present, and of each whether the start of a token is enough.

    Within a compound such as "d_k" or "multi-head" only the last part may be unfinished.
    """
    for compound in _normal(query).split():
        runs = _RUN.findall(compound)
        for place, run in enumerate(runs):
            if _is_han(run):
                pairs = [run[index : index + 2] for index in range(max(1, len(run) - 1))]
                yield from ((pair, True) for pair in pairs)
            else:
                yield run, place == len(runs) - 1


def _as_bits(indices: Sequence[int]) -> int:
    bits = bytearray(indices[-1] // 8 + 1)
    for index in indices:
        bits[index >> 3] |= 1 << (index & 7)
    return int.from_bytes(bits, "little")


def _bits(found: int) -> Iterator[int]:
    """Places of the bits that are set, ascending."""
    return (index for index, bit in enumerate(reversed(f"{found:b}")) if bit == "1")


def _both(text: Text) -> str:
    return f"{text.en}\n{text.zh}"


def _everything(question: Question) -> str:
    """All text of a question that a reader sees."""
    texts = [question.question, question.short, question.answer, *question.rubric]
    for pitfall in question.pitfalls:
        texts += [pitfall.claim, pitfall.why]
    for follow_up in question.follow_ups:
        texts += [follow_up.question, follow_up.answer]
    for choice in question.choices or ():
        texts += [choice.text, choice.why]
    sources = [source.title for source in question.sources]
    return "\n".join([*map(_both, texts), *sources])
