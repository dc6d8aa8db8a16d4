"""Sentences under construction: tokens, and which token is tied to which by grammar."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

PAIRS = {
    "en": (("(", ")"), ("[", "]"), ("{", "}"), ("“", "”")),
    "zh": (("（", "）"), ("【", "】"), ("《", "》"), ("“", "”")),
}
KINDS = ("pronoun", "bracket", "verb", "classifier")


def listed(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


@dataclass(frozen=True)
class Tie:
    """Token `query` is tied to the tokens `targets`: a pronoun to its subject, say."""

    kind: str
    query: int
    targets: tuple[int, ...]


@dataclass
class Sentence:
    """Tokens in order and their ties."""

    tokens: list[str] = field(default_factory=list)
    ties: list[Tie] = field(default_factory=list)

    def add(self, *words: str) -> tuple[int, ...]:
        """Append tokens; where they stand."""
        start = len(self.tokens)
        self.tokens += words
        return tuple(range(start, len(self.tokens)))

    def tie(self, kind: str, query: tuple[int, ...], targets: tuple[int, ...]) -> None:
        """Tie every token of `query` to all of `targets`."""
        self.ties += [Tie(kind, index, targets) for index in query]

    def bracketed(self, language: str, rng: random.Random) -> Sentence:
        """The sentence with one to three pairs of brackets at random places, nested or apart."""
        found = self
        for _ in range(rng.choice((1, 1, 2, 2, 3))):
            found = found._with_pair(*rng.choice(PAIRS[language]), rng)
        return found

    def _with_pair(self, left: str, right: str, rng: random.Random) -> Sentence:
        """Brackets around a random stretch which cuts through no other pair."""
        count = len(self.tokens)
        for _ in range(8):
            start = rng.randrange(count)
            end = rng.randint(start + 1, min(count, start + 8))
            if self._is_whole(start, end):
                break
        else:
            return self

        def moved(index: int) -> int:
            return index + (index >= start) + (index >= end)

        tokens = [*self.tokens[:start], left, *self.tokens[start:end], right, *self.tokens[end:]]
        ties = [
            Tie(tie.kind, moved(tie.query), tuple(map(moved, tie.targets))) for tie in self.ties
        ]
        opening, closing = start, end + 1
        ties += [Tie("bracket", opening, (closing,)), Tie("bracket", closing, (opening,))]
        return Sentence(tokens, ties)

    def _is_whole(self, start: int, end: int) -> bool:
        """Whether no pair of brackets has one end inside the stretch and one outside."""
        pairs = [(tie.query, tie.targets[0]) for tie in self.ties if tie.kind == "bracket"]
        return all((start <= a < end) == (start <= b < end) for a, b in pairs)
