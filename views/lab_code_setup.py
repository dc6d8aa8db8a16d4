"""Whose code Compare runs, and on what, as it stands in a link. No torch and no Streamlit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from views.lab_reader import Reader

DRAFT = "draft"
TIMES = {"example": 0, "drawn": 1, "large": 4, "larger": 8}  # how often each size of the example


@dataclass(frozen=True)
class Code:
    """The user's code for the problem `slug`, none if that is empty.

    `source` is DRAFT or the number of a submission; `inputs` one of TIMES, made from the worked
    example number `example`.
    """

    slug: str = ""
    source: str = DRAFT
    inputs: str = "example"
    example: int = 0


NONE = Code()


def read(reader: Reader) -> Code:
    """The part of a query that names code."""
    slug = reader.text("code", "")
    if slug and not re.fullmatch(r"[a-z0-9-]{1,80}", slug):
        reader.complain("code", slug, "–")
        slug = ""
    source = reader.text("code_of", DRAFT)
    if source != DRAFT and not source.isdecimal():
        source = str(reader.complain("code_of", source, DRAFT))
    return Code(
        slug,
        source,
        reader.choice("code_inputs", [*TIMES], "example"),
        reader.whole("code_example", 0, 0, 99),
    )


def write(code: Code, seed: int) -> dict[str, str]:
    """The query that opens this comparison again."""
    query = {"tab": "compare", "code": code.slug, "code_of": code.source}
    query |= {"code_inputs": code.inputs, "code_example": str(code.example)}
    return query | ({"seed": str(seed)} if TIMES[code.inputs] else {})
