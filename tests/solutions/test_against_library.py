"""Whiteboard solutions against the textbook in attention/, which was written apart from them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from grader.local import import_file

HERE = Path(__file__).parent
SOLUTIONS = HERE.parents[1] / "solutions"
Twin = Callable[[Any], tuple[Any, Any]]


def twins() -> dict[str, Twin]:
    """Problem to a function of its solution's module: what the solution and the textbook give."""
    found: dict[str, Twin] = {}
    for path in sorted(HERE.glob("twins_*.py")):
        found |= import_file(path).TWINS
    return found


TWINS = twins()


@pytest.mark.parametrize("slug", TWINS)
def test_solution_and_textbook_agree(slug: str) -> None:
    torch.manual_seed(0)
    got, wanted = TWINS[slug](import_file(SOLUTIONS / slug / "solution.py"))
    torch.testing.assert_close(got, wanted, rtol=0, atol=1e-9)
