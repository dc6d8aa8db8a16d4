"""The authors' command line, run as they run it on a copy of the product's layout."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from study import check as checking
from study import template
from study.__main__ import main
from study.check import check

ROOT = Path(__file__).parents[2]


@pytest.fixture
def product(repository: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The small repository in place of the real one."""
    questions, solutions = repository.root / "questions", repository.root / "solutions"
    attention = repository.root / "attention"
    bank, problems = checking.load_bank, checking.load_problems
    at = {"attention": attention, "solutions": solutions}
    monkeypatch.setattr(checking, "QUESTIONS", questions)
    monkeypatch.setattr(checking, "load_bank", lambda also=(): bank(questions, also=also, **at))
    monkeypatch.setattr(
        checking,
        "load_problems",
        lambda: problems(solutions, attention=attention, questions=questions),
    )
    monkeypatch.setattr(checking, "question_ids", lambda: frozenset({"first", "second"}))
    monkeypatch.setattr(checking, "variant_names", lambda: frozenset({"causal"}))
    monkeypatch.setattr("study.__main__.SOLUTIONS", solutions)
    monkeypatch.setattr("study.__main__.question_ids", lambda: frozenset({"first"}))
    monkeypatch.chdir(repository.root)
    return repository


def fill(text: str) -> str:
    """A template as an author leaves it: every empty text written."""
    text = text.replace('""', '"Written"').replace("https://", "https://example.org")
    return re.sub(r"^( +)(en|zh): \|\n", r"\1\2: |\n\1  Written\n", text, flags=re.MULTILINE)


@pytest.mark.usefixtures("product")
def test_nothing_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert capsys.readouterr() == ("", "no mistakes found\n")


def test_every_mistake_is_named_in_the_order_of_the_lines(
    product: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    text = product.core.read_text("utf-8").replace("minutes: 3", "minutes: 0", 1)
    product.core.write_text(text.replace("level: easy", "level: simple"), "utf-8")
    product.problem.write_text("- no problem\n", "utf-8")
    assert main(["check"]) == 1
    out, err = capsys.readouterr()
    places = [line.rpartition(": ")[0] for line in out.splitlines()]
    assert [place.split(str(product.root) + "/")[-1] for place in places] == [
        "questions/core.yaml:4: questions[0].level",
        "questions/core.yaml:7: questions[0].minutes",
        "questions/core.yaml:31: questions[1].level",
        "solutions/softmax/problem.yaml:1",
    ]
    assert err == "4 mistakes found\n"


@pytest.mark.parametrize(
    ("named", "files"),
    [
        (["questions/core.yaml"], ["core.yaml"]),
        (["questions"], ["core.yaml", "other.yaml"]),
        (["solutions/softmax"], ["problem.yaml"]),
        (["solutions/softmax/problem.yaml"], ["problem.yaml"]),
        (["solutions"], ["problem.yaml"]),
        (["solutions", "questions/other.yaml"], ["other.yaml", "problem.yaml"]),
        (["nothing.yaml"], ["nothing.yaml"]),
        (["attention"], ["problem.yaml"]),
    ],
)
def test_only_the_files_that_were_named(product: Any, named: list[str], files: list[str]) -> None:
    text = product.core.read_text("utf-8").replace("level: easy", "level: simple")
    product.core.write_text(text, "utf-8")
    other = text.replace("id: core", "id: other").replace("first", "third")
    product.core.with_name("other.yaml").write_text(other.replace("second", "fourth"), "utf-8")
    product.problem.write_text("{}", "utf-8")
    found = check([Path(name) for name in named])
    assert sorted({error.file.name for error in found}) == files


def test_a_file_from_elsewhere_is_held_against_the_bank(product: Any, tmp_path: Path) -> None:
    draft = tmp_path / "draft.yaml"
    text = product.core.read_text("utf-8").replace("id: core", "id: draft")
    draft.write_text(text.replace("id: second", "id: third"), "utf-8")
    (error,) = check([draft])
    assert (error.file, error.field) == (draft, "questions[0].id")


def test_a_new_question_passes_once_it_is_filled_in(
    product: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "question", "new-one"]) == 0
    entry = capsys.readouterr().out
    bank = product.core.read_text("utf-8")
    product.core.write_text(bank + entry, "utf-8")
    unfilled = check([product.core])
    assert unfilled
    assert all(error.field.startswith("questions[2].") for error in unfilled)
    lines = (bank + entry).splitlines()
    for error in unfilled:  # each mistake points at a place that is still to be written
        assert re.search(r'""|\|$|https://"', lines[error.line - 1]), error
    product.core.write_text(bank + fill(entry), "utf-8")
    assert check([product.core]) == []
    assert product.bank().get("new-one").answer.zh == "Written"


def test_a_new_problem_passes_once_it_is_filled_in(
    product: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "problem", "new-one"]) == 0
    folder = product.root / "solutions" / "new-one"
    written = [Path(line).name for line in capsys.readouterr().out.splitlines()]
    assert written == ["problem.yaml", "starter.py", "solution.py", "checks.py"]
    assert check([folder])
    file = folder / "problem.yaml"
    file.write_text(fill(file.read_text("utf-8")), "utf-8")
    assert check([folder]) == []
    for source in folder.glob("*.py"):
        compile(source.read_text("utf-8"), source, "exec")
    assert 'ENTRY = "new_one"' in (folder / "checks.py").read_text("utf-8")
    assert "def new_one(" in (folder / "starter.py").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["question", "first"], 'there is a question "first" already'),
        (["problem", "softmax"], "exists already"),
        (["question", "Not Kebab"], "is not an id"),
        (["problem", "../outside"], "is not an id"),
        (["problem", "newline\n"], "is not an id"),
    ],
)
def test_an_id_that_cannot_be_used_is_refused(
    product: Any, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    before = sorted(product.root.rglob("*"))
    assert main(["new", *arguments]) == 2
    assert told in capsys.readouterr().err
    assert sorted(product.root.rglob("*")) == before


def test_bad_usage_exits_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["inspect"])
    assert raised.value.code == 2
    assert "inspect" in capsys.readouterr().err


def test_the_content_of_the_product_has_no_mistakes() -> None:
    """As a process: what an author types, and what they read."""
    command = [sys.executable, "-m", "study", "check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_template_names_every_level_frequency_and_role() -> None:
    from study.entry import FREQUENCIES, LEVELS, ROLES

    for word in (*LEVELS, *FREQUENCIES, *ROLES):
        assert word in template.QUESTION
