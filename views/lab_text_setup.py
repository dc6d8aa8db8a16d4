"""What is selected in the Text view, as data and as part of a link. No torch, no Streamlit."""

from __future__ import annotations

from dataclasses import dataclass

from views.lab_reader import Reader

HEADS = tuple(f"{layer}.{head}" for layer in (1, 2, 3) for head in range(4))  # layers from 1
MOST = 400  # characters of a text
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
    """A text, the head whose weights are drawn ("" for the first with a name), a pinned token."""

    text: str = ""
    head: str = ""
    token: int | None = None


STANDARD = Text()


def read(reader: Reader) -> Text:
    """What a link asks for; a text that is too long is cut, and a complaint says so."""
    text = reader.text("text", "")
    if len(text) > MOST:
        reader.complain("text", text[:20] + "…", text[:MOST])
    head = reader.choice("text_head", ("", *HEADS), "")
    return Text(text[:MOST], head, reader.optional("token"))


def write(chosen: Text) -> dict[str, str]:
    """The query that opens this text again."""
    query = {"tab": "text", "text": chosen.text}
    if chosen.head:
        query["text_head"] = chosen.head
    if chosen.token is not None:
        query["token"] = str(chosen.token)
    return {name: value for name, value in query.items() if value}
