"""What is selected in the Text view, as data and as part of a link. No torch, no Streamlit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from views.lab_reader import Reader

HEADS = tuple(f"{layer}.{head}" for layer in (1, 2, 3) for head in range(4))  # layers from 1
MOST = 400  # characters of a text
MOST_NAME = 200  # characters of a model's name
EXAMPLES = (
    "Mary called Tom because she was tired.",
    "The keys (near the old [red] door) are cold.",
    "The robot did not cross the street because it was too tired.",
    "小红叫小明来，因为她累了。",
    "桌子上有三本很旧的书和一只白色的猫。",
    "他说（她买了《红楼梦》和两把伞）。",
)


@dataclass(frozen=True)
class Text:
    """A text, the head whose weights are drawn ("" for the first with a name), a pinned token.

    `model` is the name or the folder of a model in the `transformers` format, None for our own.
    """

    text: str = ""
    head: str = ""
    token: int | None = None
    model: str | None = None


STANDARD = Text()


def read(reader: Reader) -> Text:
    """What a link asks for; a text that is too long is cut, and a complaint says so."""
    text = reader.text("text", "")
    if len(text) > MOST:
        reader.complain("text", text[:20] + "…", text[:MOST])
    model = reader.text("text_model", "")
    if len(model) > MOST_NAME:
        reader.complain("text_model", model[:20] + "…", "–")
        model = ""
    return Text(text[:MOST], _head(reader, bool(model)), reader.optional("token"), model or None)


def _head(reader: Reader, pretrained: bool) -> str:
    """A head of our own model, or any head of one whose size is not known yet."""
    asked = reader.text("text_head", "")
    if pretrained and re.fullmatch(r"[1-9]\d{0,2}\.\d{1,3}", asked, re.ASCII):
        return asked
    return reader.choice("text_head", ("", *HEADS), "")


def write(chosen: Text) -> dict[str, str]:
    """The query that opens this text again."""
    query = {"tab": "text", "text": chosen.text}
    if chosen.model:
        query["text_model"] = chosen.model
    if chosen.head:
        query["text_head"] = chosen.head
    if chosen.token is not None:
        query["token"] = str(chosen.token)
    return {name: value for name, value in query.items() if value}
