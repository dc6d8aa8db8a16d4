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
from functools import cached_property, reduce
from itertools import chain
from operator import or_
from typing import TYPE_CHECKING, Literal

from study.bank import Question, Topic
from study.text import Text

if TYPE_CHECKING:  # searching does not need the database
    from study.store import Rating

State = Literal["unread", "again", "hard", "good", "easy"]
STATES: tuple[State, ...] = ("unread", "again", "hard", "good", "easy")

_HAN = "\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[^\W_{_HAN}]+")
_PAIR = re.compile(rf"(?=([{_HAN}]{{1,2}}))")  # at every character; the last of a run alone
_RUN = re.compile(rf"[{_HAN}]+|{_WORD.pattern}")


class Search:
    """An index of questions; build it once for a bank, and ask it often and from any thread."""

    def __init__(self, questions: Sequence[Question], topics: Iterable[Topic] = ()) -> None:
        self.questions = tuple(questions)
        self._places = {question.id: place for place, question in enumerate(self.questions)}
        self._titles = {topic.id: _both(topic.title) for topic in topics}
        self._topics = _Index((question.topic,) for question in questions)
        self._levels = _Index((question.level,) for question in questions)
        self._frequencies = _Index((question.frequency,) for question in questions)
        self._roles = _Index(question.roles for question in questions)

    # The words of the whole bank are gathered at the first query: lists need only the filters.

    @cached_property
    def _asked(self) -> _Index:
        return _Index(_tokens(_both(question.question)) for question in self.questions)

    @cached_property
    def _all(self) -> _Index:
        return _Index(
            _tokens(f"{self._titles.get(question.topic, '')}\n{_everything(question)}")
            for question in self.questions
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
        allowed = (1 << len(self.questions)) - 1
        allowed &= self._topics.any(topics) if topics else -1
        allowed &= self._levels.any(levels) if levels else -1
        allowed &= self._frequencies.any(frequencies) if frequencies else -1
        allowed &= self._roles.any(roles) if roles else -1
        allowed &= self._in_state(states, ratings or {}) if states else -1
        order: Iterable[int] = _bits(allowed)
        if words := list(_words(query)):
            asked = self._asked.match(words) & allowed
            everywhere = self._all.match(words) & allowed
            order = chain(_bits(asked), _bits(everywhere & ~asked))
        return tuple(self.questions[place] for place in order)

    def _in_state(self, states: Collection[str], ratings: Mapping[str, Rating]) -> int:
        found = -1 if "unread" in states else 0
        for id, rating in ratings.items():
            bit = 1 << self._places[id] if id in self._places else 0
            found = found | bit if rating.rating in states else found & ~bit
        return found


def state(question: Question, ratings: Mapping[str, Rating]) -> State:
    """How the user last rated the question, or "unread"."""
    rating = ratings.get(question.id)
    return "unread" if rating is None else rating.rating


class _Index:
    """Sets of documents by token, as bits: bit i stands for document i."""

    def __init__(self, documents: Iterable[Iterable[str]]) -> None:
        self._sets: dict[str, int] = {}
        for place, tokens in enumerate(documents):
            bit = 1 << place
            for token in set(tokens):
                self._sets[token] = self._sets.get(token, 0) | bit
        self._vocabulary = sorted(self._sets)

    def match(self, words: Iterable[tuple[str, bool]]) -> int:
        """Documents that contain all words."""
        found = -1
        for token, is_prefix in words:
            found &= self._starting(token) if is_prefix else self._sets.get(token, 0)
        return found

    def any(self, tokens: Iterable[str]) -> int:
        """Documents that contain one of the tokens."""
        return reduce(or_, (self._sets.get(token, 0) for token in tokens), 0)

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


def _tokens(text: str) -> set[str]:
    normal = _normal(text)
    return {*_WORD.findall(normal), *_PAIR.findall(normal)}


def _words(query: str) -> Iterator[tuple[str, bool]]:
    """Tokens that must all be present, and of each whether the start of a token is enough.

    Within a compound such as "d_k" or "multi-head" only the last part may be unfinished.
    """
    for compound in _normal(query).split():
        runs = _RUN.findall(compound)
        for place, run in enumerate(runs):
            if _WORD.match(run):
                yield run, place == len(runs) - 1
            else:
                yield from ((run[at : at + 2], True) for at in range(max(1, len(run) - 1)))


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
