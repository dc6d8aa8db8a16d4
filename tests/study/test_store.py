"""The store: what was saved is there, whoever else writes and whatever is killed."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from study.store import Store
from study.tables import Base, version_table

POSTGRES = os.environ.get("HEADROOM_TEST_POSTGRES")  # URL of a database that may be emptied
ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "sqlite":
        made = Store()
    elif POSTGRES is None:
        pytest.skip("HEADROOM_TEST_POSTGRES names no database")
    else:
        empty(POSTGRES)
        made = Store(POSTGRES)
    yield made
    made.close()


def empty(url: str) -> None:
    opened = Store(url)
    Base.metadata.drop_all(opened._engine)
    version_table.drop(opened._engine)
    opened.close()


def python(code: str, *arguments: str) -> subprocess.Popen[str]:
    """A process of its own that runs `code`, with pipes to talk to it."""
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, text=True, stdin=pipe, stdout=pipe)


def test_nothing_is_there_at_first(store: Store) -> None:
    assert store.draft("ann", "softmax") is None
    assert store.submissions("ann") == []
    assert store.problem_states("ann") == {}
    assert store.answer("ann", "why") == ""
    assert store.ticks("ann", "why") == []
    assert store.ratings("ann") == {}
    assert store.setting("ann", "language") is None
    assert store.setting("ann", "language", "en") == "en"


def test_a_draft_is_replaced_and_dated(store: Store) -> None:
    before = datetime.now(UTC)
    store.save_draft("ann", "softmax", "first")
    store.save_draft("ann", "softmax", "second\n")
    store.save_draft("ann", "alibi", "other problem")
    store.save_draft("ben", "softmax", "other person")
    draft = store.draft("ann", "softmax")
    assert draft is not None
    assert draft.code == "second\n"
    assert before <= draft.saved_at <= datetime.now(UTC)
    assert draft.saved_at.utcoffset() == timedelta(0)


def test_submissions_come_newest_first_with_their_verdict(store: Store) -> None:
    first = store.add_submission("ann", "softmax", "one")
    second = store.add_submission("ann", "alibi", "two")
    third = store.add_submission("ann", "softmax", "three")
    store.add_submission("ben", "softmax", "not hers")
    verdict = {"verdict": "wrong", "checks": [{"name": "check_values", "seconds": 0.25}]}
    store.record_verdict(first, verdict)
    found = store.submissions("ann")
    assert [submission.id for submission in found] == [third, second, first]
    assert [submission.code for submission in found] == ["three", "two", "one"]
    assert [submission.verdict for submission in found] == [None, None, verdict]
    assert [submission.id for submission in store.submissions("ann", "softmax")] == [third, first]


def test_a_verdict_may_hold_what_json_does_not(store: Store) -> None:
    id = store.add_submission("ann", "softmax", "code")
    store.record_verdict(id, {"verdict": "wrong", "got": math.nan, "stdout": "\0\ud800 好"})
    (submission,) = store.submissions("ann")
    assert submission.verdict is not None
    assert math.isnan(submission.verdict["got"])
    assert submission.verdict["stdout"] == "\0\ud800 好"


def test_a_verdict_needs_its_submission(store: Store) -> None:
    with pytest.raises(LookupError, match="no submission 12345"):
        store.record_verdict(12345, {"verdict": "accepted"})


def test_solved_is_solved_for_good(store: Store) -> None:
    for slug, outcomes in {
        "solved": ["wrong", "accepted", "error"],
        "tried": ["wrong", "timeout"],
        "ungraded": [None],
    }.items():
        for outcome in outcomes:
            id = store.add_submission("ann", slug, "code")
            if outcome is not None:
                store.record_verdict(id, {"verdict": outcome})
    store.add_submission("ben", "his", "code")
    states = {"solved": "solved", "tried": "tried", "ungraded": "tried"}
    assert store.problem_states("ann") == states
    newest = {submission.slug: submission.accepted for submission in store.submissions("ann")}
    assert newest == {"solved": False, "tried": False, "ungraded": False}


def test_answers_and_ticks_are_replaced(store: Store) -> None:
    store.save_answer("ann", "why", "because")
    store.save_answer("ann", "why", "因为方差")
    store.save_ticks("ann", "why", [0, 2])
    store.save_ticks("ann", "why", [3, 1, 3])
    assert store.answer("ann", "why") == "因为方差"
    assert store.ticks("ann", "why") == [1, 3]
    assert store.ticks("ben", "why") == []


def test_the_latest_rating_counts(store: Store) -> None:
    for question, rating in [("why", "again"), ("how", "easy"), ("why", "good")]:
        store.add_rating("ann", question, rating)  # type: ignore[arg-type]
    store.add_rating("ben", "why", "hard")
    ratings = store.ratings("ann")
    assert {question: rating.rating for question, rating in ratings.items()} == {
        "why": "good",
        "how": "easy",
    }
    assert ratings["how"].rated_at <= ratings["why"].rated_at


def test_a_rating_that_does_not_exist_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="not 'perfect'"):
        store.add_rating("ann", "why", "perfect")  # type: ignore[arg-type]
    assert store.ratings("ann") == {}


@pytest.mark.parametrize("value", ["zh", 3, 1.5, True, None, [1, "二"], {"a": {"b": None}}])
def test_a_setting_is_any_json_value(store: Store, value: object) -> None:
    store.set_setting("ann", "key", "before")
    store.set_setting("ann", "key", value)
    assert store.setting("ann", "key", "default") == value


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(code=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_text_comes_back_as_it_was(store: Store, code: str) -> None:
    store.save_draft("ann", "softmax", code)
    draft = store.draft("ann", "softmax")
    assert draft is not None
    assert draft.code == code


def test_what_no_database_takes_costs_one_character(store: Store) -> None:
    store.save_draft("ann", "softmax", "a\0b\ud800c")
    draft = store.draft("ann", "softmax")
    assert draft is not None
    assert draft.code == "a\ufffdb\ufffdc"


def test_it_is_all_there_after_a_restart(store: Store) -> None:
    store.save_draft("ann", "softmax", "draft")
    store.add_rating("ann", "why", "good")
    store.close()
    again = Store(store.url.render_as_string(hide_password=False))
    draft = again.draft("ann", "softmax")
    assert draft is not None
    assert draft.code == "draft"
    assert list(again.ratings("ann")) == ["why"]
    again.close()


def test_threads_share_a_store(store: Store) -> None:
    def work(thread: int) -> None:
        for turn in range(10):
            store.save_draft(f"user{thread}", "softmax", str(turn))
            store.record_verdict(
                store.add_submission("all", f"problem{thread}", "code"), {"verdict": "accepted"}
            )
            store.save_draft("all", "softmax", f"{thread} {turn}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert len(store.submissions("all")) == 80
    assert set(store.problem_states("all").values()) == {"solved"}
    for thread in range(8):
        draft = store.draft(f"user{thread}", "softmax")
        assert draft is not None
        assert draft.code == "9"


def test_processes_that_start_together_share_a_new_database(own_data_folder: Path) -> None:
    """Each creates the tables if they are missing, and all write to the same rows."""
    code = """
        import sys
        from study.store import Store
        print("ready", flush=True)
        sys.stdin.readline()
        store = Store()
        for turn in range(30):
            store.save_draft("ann", "softmax", sys.argv[1] * turn)
            id = store.add_submission("ann", sys.argv[1], "code")
            store.record_verdict(id, {"verdict": "wrong"})
        print("done", flush=True)
    """
    writers = [python(code, name) for name in "abc"]
    assert [writer.stdout.readline() for writer in writers if writer.stdout] == ["ready\n"] * 3
    outputs = [writer.communicate("\n", timeout=60)[0] for writer in writers]
    assert outputs == ["done\n"] * 3
    store = Store()
    assert sorted(s.slug for s in store.submissions("ann")) == ["a"] * 30 + ["b"] * 30 + ["c"] * 30
    assert own_data_folder.joinpath("headroom.db").is_file()
    store.close()


def test_a_killed_process_loses_nothing_it_saved() -> None:
    """Killed while it writes: every draft it reported as saved is there, whole."""
    code = """
        from study.store import Store
        store = Store()
        for turn in range(10**6):
            store.save_draft("ann", "softmax", f"{turn} " * 1000)
            print(turn, flush=True)
    """
    with python(code) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            if int(line) >= 25:
                break
        writer.kill()  # SIGKILL: no handler of the process runs
        reported = [int(line), *map(int, writer.stdout.read().split())][-1]
    store = Store()
    draft = store.draft("ann", "softmax")
    assert draft is not None
    saved = int(draft.code.split()[0])
    assert draft.code == f"{saved} " * 1000
    assert reported <= saved <= reported + 1
    with store._engine.connect() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    store.close()


def test_a_submission_is_kept_when_the_app_dies_before_the_verdict() -> None:
    code = """
        import os, signal
        from study.store import Store
        Store().add_submission("ann", "softmax", "my code")
        print("submitted", flush=True)
        signal.raise_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    """
    writer = python(code)
    assert writer.communicate(timeout=60)[0] == "submitted\n"
    assert writer.returncode != 0
    store = Store()
    (submission,) = store.submissions("ann")
    assert (submission.code, submission.verdict) == ("my code", None)
    assert store.problem_states("ann") == {"softmax": "tried"}
    store.close()
