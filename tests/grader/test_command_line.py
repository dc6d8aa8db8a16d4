"""python -m grader: output, exit statuses, watch."""

import json
import os
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from grader import Grader
from grader.__main__ import main
from tests.grader.conftest import SLUG, SOLUTIONS

RIGHT = SOLUTIONS / SLUG / "solution.py"
WRONG = SOLUTIONS / SLUG / "wrong" / "merge_without_transpose.py"


@pytest.fixture
def shared(grader: Grader, monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge of all tests in place of one for each call."""
    monkeypatch.setattr("grader.__main__.Grader", lambda judges: nullcontext(grader))


@pytest.mark.usefixtures("shared")
def test_json_has_one_line_per_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", SLUG, str(RIGHT), str(WRONG), "--json"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["verdict"] for line in lines] == ["accepted", "wrong"]
    assert [line["file"] for line in lines] == [str(RIGHT), str(WRONG)]
    keys = {"slug", "file", "verdict", "checks", "diagnosis", "stdout", "seconds", "seed"}
    assert all(set(line) == keys for line in lines)
    assert set(lines[0]["checks"][0]) == {"name", "passed", "message", "seconds"}
    assert lines[0]["diagnosis"] is None
    assert lines[1]["diagnosis"]


@pytest.mark.usefixtures("shared")
def test_people_get_plain_text_in_their_language(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "zh", "check", SLUG, str(RIGHT), "--seed", "7"]) == 0
    out = capsys.readouterr().out
    assert "accepted" in out
    assert "seed 7" in out
    assert "\033" not in out
    main(["--lang", "zh", "check", SLUG, str(WRONG)])
    assert any("\u4e00" <= letter <= "\u9fff" for letter in capsys.readouterr().out)


@pytest.mark.usefixtures("shared")
def test_a_file_that_is_not_utf8_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "answer.py"
    path.write_bytes("# 注释\n".encode("gbk"))
    assert main(["check", SLUG, str(path)]) == 1
    assert "UTF-8" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["judge"],
        ["check"],
        ["check", SLUG],
        ["check", "no-such-problem", str(RIGHT)],
        ["check", SLUG, "/no/such/file.py"],
        ["check", SLUG, str(SOLUTIONS)],
        ["check", SLUG, str(RIGHT), "--seed", "seven"],
        ["watch", SLUG],
    ],
)
def test_bad_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert capsys.readouterr().err


def test_list_names_every_problem(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    assert all(path.parent.name in out for path in SOLUTIONS.glob("*/checks.py"))


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C reaches processes in another way there")
def test_watch_judges_again_when_the_file_is_saved_and_ends_quietly(tmp_path: Path) -> None:
    path = tmp_path / "answer.py"
    path.write_text(WRONG.read_text(encoding="utf-8"), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "--lang", "en", "watch", SLUG, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=SOLUTIONS.parent,
        start_new_session=True,
    )
    with process:
        assert process.stdout is not None
        assert "wrong" in process.stdout.readline()
        path.write_text(RIGHT.read_text(encoding="utf-8"), encoding="utf-8")
        assert any("accepted" in line for line in process.stdout)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to all of them
        _, errors = process.communicate()
    assert (process.returncode, errors) == (130, "")
