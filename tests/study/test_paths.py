"""Learning paths: what is read, what is refused with its line, and how far one is."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from study.bank import load_bank
from study.links import Targets
from study.paths import Paths, Stop, load_paths, standing
from study.problems import load_problems
from study.store import Rating

TARGETS = Targets(problems=frozenset({"mask"}), questions=frozenset({"what", "why"}))
GOOD = """\
paths:
  - id: short
    title: {en: Short, zh: 短}
    about: {en: All of it., zh: 全部。}
    stops:
      - question: what
      - problem: mask
      - question: why
"""


def read(folder: Path, text: str) -> Paths:
    file = folder / "paths.yaml"
    file.write_text(text, "utf-8")
    return load_paths(file, TARGETS)


def test_a_path_is_read_in_its_order(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD)
    assert found.errors == ()
    assert [stop.name for stop in found.paths[0].stops] == ["what", "mask", "why"]
    assert found.get("short") is found.paths[0]
    assert found.get("long") is None


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("problem: mask", "problem: masc", 7, 'did you mean "mask"?'),
        ("question: why", "question: mask", 8, "leads to nothing"),
        ("- question: why", "- {question: why, problem: mask}", 8, "either"),
        ("- question: why", "- {}", 8, "either"),
        ("about:", "abuot:", 4, "abuot"),
        ("paths:", "tracks:", 1, "list of paths"),
    ],
)
def test_a_mistake_names_its_line(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    found = read(tmp_path, GOOD.replace(old, new))
    assert found.paths == ()
    assert any(error.line == line and words in str(error) for error in found.errors), found.errors


def test_an_id_belongs_to_the_first_that_has_it(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD + GOOD.partition("\n")[2])
    assert len(found.paths) == 1
    assert "taken" in str(found.errors[0])


def test_the_paths_of_the_project_are_whole_and_known() -> None:
    found = load_paths()
    assert found.errors == ()
    ids = [path.id for path in found.paths]
    assert ids[:2] == ["one-evening", "foundations"]
    for path in found.paths:
        assert len(set(path.stops)) == len(path.stops), path.id


def test_standing_counts_what_is_done_and_the_minutes_left() -> None:
    bank, problems = load_bank(), load_problems()
    path = load_paths().paths[0]
    first, second, third = path.stops[:3]
    assert (first.kind, third.kind) == ("question", "problem")
    fresh = standing(path, bank, problems, {}, {})
    assert (len(fresh.done), fresh.total, fresh.next) == (0, len(path.stops), first)
    ratings: Any = {
        first.name: Rating("good", datetime.now(UTC)),
        second.name: Rating("again", datetime.now(UTC)),
    }
    later = standing(path, bank, problems, ratings, {third.name: "solved"})
    assert later.done == {first, third}
    assert later.next == second
    question, problem = bank.get(first.name), problems.get(third.name)
    assert question
    assert problem
    assert fresh.minutes_left - later.minutes_left == question.minutes + problem.minutes
    tried = standing(path, bank, problems, {}, {third.name: "tried"})
    assert tried.done == frozenset()


def test_a_stop_is_one_thing() -> None:
    with pytest.raises(ValueError, match="either"):
        Stop(question="what", problem="mask")
