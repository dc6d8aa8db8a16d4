"""The pages of the app: one module a page, found by file.

A module in this folder is a page if it has a literal `PAGE` near its top and a `render`:

    PAGE = {"order": 2, "icon": ":material/quiz:", "key": "nav.questions"}

    def render() -> None: ...

`PAGE` is read from the syntax tree, so that showing the navigation imports no page but the one
that is open. The module's name is the page's address; the lowest order is the first page.
`"layout": "centered"` keeps a page to the width of a column of text; the default is "wide".
"""

import ast
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class PageFile:
    """What the navigation needs to know of a page before importing it."""

    name: str
    order: int
    icon: str
    key: str
    layout: Literal["wide", "centered"] = "wide"

    def render(self) -> None:
        """Import the page's module on first use and draw it."""
        draw: Callable[[], None] = importlib.import_module(f"{__name__}.{self.name}").render
        draw()


@cache
def page_files(folder: Path = FOLDER) -> tuple[PageFile, ...]:
    """Every page found in `folder`, in the order of the navigation.

    Raises ValueError naming the file if a `PAGE` is not a literal with order, icon and key.
    """
    found = (_read(path) for path in sorted(folder.glob("*.py")))
    return tuple(sorted((page for page in found if page), key=lambda page: page.order))


def _read(path: Path) -> PageFile | None:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="PAGE")], value=value):
                return _page(path, value)
    return None


def _page(path: Path, value: ast.expr) -> PageFile:
    try:
        return PageFile(name=path.stem, **ast.literal_eval(value))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: PAGE needs the literals order, icon and key: {error}") from error
