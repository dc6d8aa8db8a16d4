"""Text to tokens: known words and characters, and a class for everything unknown. No torch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from models import corpus_en, corpus_zh
from models.sentence import PAIRS

LONGEST = 64  # tokens of one text, the start included
START, MASK, PAD = "<start>", "<mask>", "<pad>"
NUMBER, NAME, WORD, CHARACTER, OTHER = "<number>", "<name>", "<word>", "<character>", "<other>"
ENDINGS = ("s", "ed", "ing", "ly")  # of unknown words, which say something about their grammar
_SPECIAL = (PAD, START, MASK, NUMBER, NAME, WORD, CHARACTER, OTHER)
_TOKEN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿ]+|\d+(?:[.,]\d+)*|\S")
_WORD = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿ]+")
_HAN = re.compile("[㐀-鿿豈-﫿\U00020000-\U0003134f]")
# What people type in place of a sign that the model knows.
_SAME = {'"': "“", "「": "“", "」": "”", "『": "“", "』": "”", "；": "，", ";": ",", "：": "，",
         ":": ",", "、": "，", "…": ".", "〈": "《", "〉": "》", "‘": "“", "’": "”"}  # fmt: skip


@dataclass(frozen=True)
class Token:
    """A piece of a text as it was typed, what the model reads there, and whether it knows it."""

    text: str
    read: str
    known: bool


@cache
def vocabulary() -> tuple[str, ...]:
    """Everything that the model can read, in the order of its embedding."""
    signs = {sign for pairs in PAIRS.values() for pair in pairs for sign in pair}
    unknown = [f"<word-{ending}>" for ending in ENDINGS]
    return (*_SPECIAL, *unknown, *sorted(corpus_en.words() | corpus_zh.words() | signs))


@cache
def index() -> dict[str, int]:
    """Where each token stands in the vocabulary."""
    return {token: place for place, token in enumerate(vocabulary())}


def tokens(text: str) -> tuple[list[Token], int]:
    """The tokens of a text after a start token, and how many did not fit.

    Words of Latin letters are one token each, Chinese goes by character, so does the rest.
    """
    pieces = _TOKEN.findall(text)
    first = True
    found = [Token("", START, known=True)]
    for typed, piece in zip(pieces, _straight_quotes(pieces), strict=True):
        read = _read(piece, first)
        found.append(Token(typed, read, known=not read.startswith("<") or read == NUMBER))
        first = piece in ".!?。！？"
    return found[:LONGEST], max(0, len(found) - LONGEST)


def _straight_quotes(pieces: list[str]) -> list[str]:
    """Straight quotation marks close what an earlier one has opened."""
    opened = False
    found = []
    for piece in pieces:
        if piece == '"':
            opened = not opened
            found.append("“" if opened else "”")
        else:
            found.append(piece)
    return found


def _read(piece: str, first: bool) -> str:
    """What the model reads for a piece; `first` of a sentence, where a capital means nothing."""
    plain = _SAME.get(piece, piece.lower())
    if plain in index():
        return plain
    if piece[0].isdigit():
        return NUMBER
    if _WORD.fullmatch(piece):
        return unknown_word(piece, capital=piece[0].isupper() and not first)
    return CHARACTER if _HAN.fullmatch(piece) else OTHER


def unknown_word(word: str, *, capital: bool = False) -> str:
    """The class of a word that the model does not know, by its ending."""
    if capital:
        return NAME
    ending = next((e for e in reversed(ENDINGS) if word.lower().endswith(e)), "")
    return f"<word-{ending}>" if ending else WORD
