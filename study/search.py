"""Full-text search over the question bank in both languages, with filters.

The texts are kept in one form and looked through: 10,000 questions in some hundredths of a second,
ready after the second or two that the form takes, where an index of all words took ten times as
long. A search word is a Latin word or number, or two neighbouring Chinese characters: Chinese puts
no spaces between words, and pairs find any of them without a dictionary. Filters are sets of
questions as the bits of one integer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, reduce
from operator import or_
from typing import TYPE_CHECKING, Literal

from study.bank import Question, Topic
from study.text import Text

if TYPE_CHECKING:  # searching does not need the database
    from study.store import Rating

State = Literal["unread", "again", "hard", "good", "easy"]
STATES: tuple[State, ...] = ("unread", "again", "hard", "good", "easy")

_Pair = tuple[str, str]  # English and Chinese

_HAN = "\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[^\W_{_HAN}]+")
_RUN = re.compile(rf"[{_HAN}]+|{_WORD.pattern}")


class Search:
    """Questions made ready; build it once for a bank, and ask it often and from any thread."""

    def __init__(self, questions: Sequence[Question], topics: Iterable[Topic] = ()) -> None:
        self.questions = tuple(questions)
        self._places = {question.id: place for place, question in enumerate(self.questions)}
        self._titles = {topic.id: topic.title for topic in topics}
        self._topics = _Index((question.topic,) for question in questions)
        self._levels = _Index((question.level,) for question in questions)
        self._frequencies = _Index((question.frequency,) for question in questions)
        self._roles = _Index(question.roles for question in questions)

    # Texts are made ready at the first query: lists need only the filters.

    @cached_property
    def _asked(self) -> list[_Pair]:
        return [_both([question.question]) for question in self.questions]

    @cached_property
    def _all(self) -> list[_Pair]:
        return [
            _everything(question, self._titles.get(question.topic)) for question in self.questions
        ]

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
        A Latin word also matches the beginning of a longer one; case does not matter. Chinese
        characters are looked for in the Chinese texts, Latin words in both.
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
            found = _containing(self._all, order, words)
            asked = set(_containing(self._asked, found, words))
            order = sorted(found, key=lambda place: place not in asked)
        elif query.strip():  # symbols only: they are in no word
            return ()
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
    """Sets of documents by label, as bits: bit i stands for document i."""

    def __init__(self, documents: Iterable[Iterable[str]]) -> None:
        self._sets: dict[str, int] = {}
        for place, labels in enumerate(documents):
            for label in labels:
                self._sets[label] = self._sets.get(label, 0) | 1 << place

    def any(self, labels: Iterable[str]) -> int:
        """Documents that have one of the labels."""
        return reduce(or_, (self._sets.get(label, 0) for label in labels), 0)


def _containing(
    texts: Sequence[_Pair], places: Iterable[int], words: Iterable[tuple[str, bool]]
) -> list[int]:
    """Those of `places` whose texts contain all words."""
    for word, unfinished in sorted(set(words), key=lambda word: -len(word[0])):  # rarest first
        if _WORD.match(word):
            places = [
                at for at in places if any(_has_word(text, word, unfinished) for text in texts[at])
            ]
        else:
            places = [at for at in places if word in texts[at][1]]
    return list(places)


def _has_word(text: str, word: str, unfinished: bool) -> bool:
    """Whether a word of the text is `word`, or begins with it if that is unfinished."""
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        whole = unfinished or not _WORD.match(text, end)
        if whole and not (start and _WORD.match(text, start - 1)):
            return True
        start = text.find(word, start + 1)
    return False


def _normal(text: str) -> str:
    """One form for what looks alike: width, case, and composed or superscript characters."""
    return unicodedata.normalize("NFKC", text).lower()


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


def _both(texts: Iterable[Text], also: Iterable[str] = ()) -> _Pair:
    """All English and all Chinese, ready to be looked through; `also` goes with the Chinese."""
    texts = tuple(texts)
    english = "\n".join(text.en for text in texts)
    return _normal(english), _normal("\n".join([*(text.zh for text in texts), *also]))


def _everything(question: Question, title: Text | None) -> _Pair:
    """All text of a question that a reader sees, and its topic's title."""
    texts = [question.question, question.short, question.answer, *question.rubric]
    for pitfall in question.pitfalls:
        texts += [pitfall.claim, pitfall.why]
    for follow_up in question.follow_ups:
        texts += [follow_up.question, follow_up.answer]
    for choice in question.choices or ():
        texts += [choice.text, choice.why]
    return _both([*texts, *filter(None, [title])], (source.title for source in question.sources))
