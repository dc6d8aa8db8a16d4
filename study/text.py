"""Text in both languages of the product."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")

Line = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class Text(BaseModel):
    """One text in English and in Chinese, Markdown with LaTeX in `$…$` and `$$…$$`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    en: Line
    zh: Line

    def get(self, language: str) -> str:
        """The text in `language`; English for any language but Chinese."""
        return self.zh if language == "zh" else self.en
