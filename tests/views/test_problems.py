"""The Problems page with a fake judge: the list, one problem, and what becomes of submissions."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import streamlit
from streamlit.testing.v1 import AppTest

from grader.verdict import (
    Array,
    Cancelled,
    CheckResult,
    ExampleResult,
    GraderError,
    RunResult,
    Verdict,
)
from study.document import DataError
from study.problems import ProblemSet, load_problems
from study.store import Store, StoreError
from views import session
from views.problem import desk as desks
from views.problem.desk import Desk

SLUG = "self-attention"
PROBLEM = load_problems().get(SLUG)
CHINESE = {"en": "Meant in English", "zh": "中文说明"}


def both(text):
    return {"en": f"{text} en", "zh": f"{text} zh"}


def verdict(kind="accepted", **changes):
    passed = kind == "accepted"
    detail = {
        "what": "output",
        "index": [0, 1],
        "arrays": {"yours": [[1.0, 2.0]], "expected": [[1.0, 4.0]]},
        "inputs": {"input 1": [[0.5]]},
        "call": "2, 1",
    }
    checks = (
        CheckResult("check_shape", True, both("shape"), both(""), 0.01),
        CheckResult("check_values", passed, both("values"), both("off_by_2 *here*"), 0.01, detail),
        CheckResult("check_again", passed, both("again"), both("off_by_2 *here*"), 0.01, detail),
    )
    fields = {
        "slug": SLUG,
        "verdict": kind,
        "checks": checks,
        "diagnosis": None,
        "stdout": "",
        "seconds": 0.031,
        "seed": 8841,
        "line": None,
        "message": both("off_by_2 *here*" if not passed else "All checks pass."),
    }
    return Verdict(**(fields | changes))


def result(outputs=None, **changes):
    x = Array((1, 2), "float32", [[1.0, 0.0]])
    y = Array((1, 2), "float32", [[0.25, 0.75]])
    example = ExampleResult("example", both("Two tokens"), "2, 1", {"x": x}, outputs, (y,))
    return RunResult(SLUG, (example,), **({"stdout": "", "error": None, "line": None,
                                           "seconds": 0.02} | changes))  # fmt: skip


class FakeJob:
    def __init__(self, outcome, gate=None, position=0):
        self.outcome, self.gate, self.position = outcome, gate, position

    def done(self):
        return self.gate is None or self.gate.is_set()

    def result(self, timeout=None):
        if self.gate is not None:
            assert self.gate.wait(20)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def cancel(self):
        self.outcome = Cancelled()
        self.gate.set()


class FakeGrader:
    """Gives what it is told to; `gate` holds its answers back until it is set."""

    def __init__(self):
        self.outcome = verdict()
        self.gate = None
        self.position = 0
        self.running = result()
        self.graded = []

    def submit(self, slug, code, user=None):
        self.graded.append((slug, code))
        return FakeJob(self.outcome, self.gate, self.position)

    def run(self, slug, code, inputs=None, user=None):
        if isinstance(self.running, Exception):
            raise self.running
        return self.running

    def examples(self, slug):
        return result()


@pytest.fixture
def store(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'store.db'}")
    yield store
    store.close()


@pytest.fixture
def grader():
    return FakeGrader()


@pytest.fixture(autouse=True)
def injected(monkeypatch, store, grader):
    streamlit.cache_resource.clear()
    monkeypatch.setattr(session, "store", lambda: store)
    monkeypatch.setattr(session, "grader", lambda: grader)
    yield
    streamlit.cache_resource.clear()


def script():
    from views.i18n import settle
    from views.problems import render

    settle(None)
    render()


def opened(lang="en", **query):
    test = AppTest.from_function(script, default_timeout=60)
    for name, value in ({"lang": lang} | query).items():
        test.query_params[name] = value
    test.run()
    assert not test.exception
    return test


def one(**query):
    return opened(slug=SLUG, **query)


def text(test):
    """Everything that is written on the page."""
    kinds = ("title", "subheader", "markdown", "caption", "code", "error", "success", "warning",
             "info", "button", "expander", "tabs")  # fmt: skip
    parts = []
    for kind in kinds:
        for element in getattr(test, kind, []):
            parts.append(str(getattr(element, "value", "") or ""))
            parts.append(str(getattr(element, "label", "") or ""))
    parts += [link.proto.label for link in test.get("page_link")]
    parts += [html.proto.body for html in test.get("html")]
    return "\n".join(parts)


def links(test):
    return [(link.proto.page, link.proto.query_string) for link in test.get("page_link")]


def query(test, name):
    value = test.query_params[name]
    return value[0] if isinstance(value, list) else value


def click(test, key):
    test.button(key=key).click().run()
    assert not test.exception
    return test


def write(test, code):
    """As if `code` had been typed and saved."""
    test.session_state["bench"].code = code
    return test


class TestList:
    def test_every_problem_is_listed_and_linked(self):
        found = [query for _, query in links(opened())]
        assert [f"slug={p.slug}" in q for p, q in zip(load_problems().problems, found, strict=True)]

    @pytest.mark.parametrize(("lang", "word"), [("en", "tried"), ("zh", "做过")])
    def test_state_is_told_in_words(self, store, lang, word):
        store.add_submission("local", SLUG, "x = 1")
        assert f"· {word}" in text(opened(lang))

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"level": "easy"}, True),
            ({"level": "hard"}, False),
            ({"tag": PROBLEM.tags[0]}, True),
            ({"state": "untried"}, True),
            ({"state": "solved"}, False),
            ({"q": "SELF-attention"}, True),
            ({"q": "自注意力"}, True),
            ({"q": "自注意力 zxqj"}, False),
            ({"level": "nonsense"}, True),
        ],
    )
    def test_filters_follow_the_address(self, query, found):
        listed = [address for _, address in links(opened(**query))]
        assert any(f"slug={SLUG}" in address for address in listed) == found

    def test_filters_write_the_address(self):
        test = opened()
        test.selectbox(key="filter-level").select("easy").run()
        test.text_input(key="filter-q").input("self").run()
        assert {name: query(test, name) for name in ("level", "q")} == {
            "level": "easy",
            "q": "self",
        }

    def test_nothing_found_can_be_undone(self):
        test = click(opened(q="zxqj"), "clear")
        assert "q" not in test.query_params
        assert len(links(test)) == len(load_problems().problems)

    def test_broken_folders_are_named(self, monkeypatch):
        error = DataError(Path("solutions/broken/problem.yaml"), 3, "title.zh", "is missing")
        found = ProblemSet(load_problems().problems, (error,))
        monkeypatch.setattr(session, "problems", lambda: found)
        assert "solutions/broken/problem.yaml:3" in text(opened())
        assert "cannot be shown" in text(opened(slug="broken"))

    def test_store_that_fails_leaves_the_list(self, monkeypatch, store):
        monkeypatch.setattr(store, "problem_states", failing("the disk is full"))
        test = opened()
        assert "the disk is full" in text(test)
        assert links(test)


def failing(message, kind=None):
    def fail(*_args, **_options):
        raise kind(message) if kind else StoreError(message, f"中文：{message}")

    return fail


class TestStatement:
    @pytest.mark.parametrize("lang", ["en", "zh"])
    def test_one_problem(self, lang):
        test = one(lang=lang)
        shown = text(test)
        assert PROBLEM.title.get(lang) in shown
        assert PROBLEM.statement.get(lang) in shown
        assert f"Two tokens {lang}" in shown
        assert "0.75" in shown  # computed by the judge, not typed

    def test_unknown_slug(self):
        test = opened(slug="<script>")
        assert "No such problem" in text(test)
        assert links(test)

    def test_judge_that_cannot_start_leaves_the_statement(self, monkeypatch):
        monkeypatch.setattr(session, "grader", failing("no python here", GraderError))
        test = one()
        assert PROBLEM.statement.en in text(test)
        assert "no python here" in text(test)

    def test_hints_come_one_at_a_time_and_stay(self, store):
        test = one()
        assert not any(hint.en in text(test) for hint in PROBLEM.hints)
        click(test, "hint")
        assert [hint.en in text(test) for hint in PROBLEM.hints] == [True, False, False]
        assert PROBLEM.hints[0].zh in text(one(lang="zh"))
        click(click(test, "hint"), "hint")
        assert all(hint.en in text(test) for hint in PROBLEM.hints)
        assert "hint" not in [button.key for button in test.button]

    def test_solution_is_shown_when_asked_for(self):
        test = one()
        tab(test, "Solution")
        assert PROBLEM.solution.strip() not in text(test)
        assert "Show the solution anyway?" in text(test)
        click(test, "show-solution")
        assert PROBLEM.solution.strip() in text(test)
        assert PROBLEM.explanation.en in text(test)
        assert all(follow_up.answer.en in text(test) for follow_up in PROBLEM.follow_ups)

    def test_nothing_is_asked_once_it_is_solved(self, store):
        store.record_verdict(store.add_submission("local", SLUG, "x"), verdict().to_dict())
        test = one()
        tab(test, "Solution")
        assert "Show the solution anyway?" not in text(test)
        assert "You have solved this problem" in text(test)

    def test_the_open_tab_stays_when_the_language_changes(self):
        test = one()
        tab(test, "History")
        assert "Nothing submitted yet." in text(test)
        test.query_params["lang"] = "zh"
        test.run()
        assert "还没有提交过。" in text(test)


def tab(test, label):
    test.session_state[f"tabs-{SLUG}"] = label
    test.run()
    assert not test.exception


class TestRun:
    def test_yours_beside_expected(self, grader):
        grader.running = result((Array((1, 2), "float32", [[0.5, 0.5]]),), stdout="hello\n")
        shown = text(click(one(), "run"))
        assert "Not as expected" in shown
        assert "hello" in shown
        assert "Difference" in shown

    def test_rounding_is_no_difference(self, grader):
        grader.running = result((Array((1, 2), "float32", [[0.25, 0.7500001]]),))
        shown = text(click(one(), "run"))
        assert "Same as expected" in shown
        assert "Difference" not in shown

    def test_failing_line_is_marked(self, grader):
        message = {"en": "SyntaxError: '(' was never closed (line 3).", "zh": "第 3 行有语法错误。"}
        grader.running = result(error=message, line=3)
        test = click(one(), "run")
        assert r"was never closed \(line 3\)" in text(test)
        assert marks(test) == [{"line": 3, "message": message["en"]}]

    def test_grader_error_is_told(self, grader):
        grader.running = GraderError("the judge is gone")
        assert "the judge is gone" in text(click(one(), "run"))


def component(test, name):
    """The data that Python sent to a component of ours."""
    found = [element.proto for element in test.get("bidi_component")]
    proto = next(proto for proto in found if proto.component_name == f"headroom.{name}")
    return json.loads(proto.json or proto.mixed.json)


def editor_data(test):
    return component(test, "editor")


def marks(test):
    return editor_data(test)["marks"]["items"]


class TestSubmit:
    def test_accepted(self, store, grader):
        test = click(write(one(), "mine = 1\n"), "submit")
        assert grader.graded == [(SLUG, "mine = 1\n")]
        assert "**Accepted · 3 of 3 checks · 31 ms · seed 8841**" in text(test)
        assert "· solved" in text(test)
        [kept] = store.submissions("local", SLUG)
        assert kept.code == "mine = 1\n"
        assert kept.accepted

    @pytest.mark.parametrize("lang", ["en", "zh"])
    def test_wrong_says_why_once(self, grader, lang):
        cause = {"en": "The mask is late.", "zh": "掩码加晚了。"}
        grader.outcome = verdict("wrong", diagnosis=cause, stdout="shape (2, 5)\n", line=4)
        test = click(one(lang=lang), "submit")
        shown = text(test)
        assert cause[lang] in shown.replace("\\", "")
        assert shown.count("off\\_by\\_2 \\*here\\*") == 1
        assert "shape (2, 5)" in shown
        assert "−2" in shown  # the difference at the failing cell
        assert marks(test)[0]["line"] == 4
        query = "problem=self-attention&submission=1&check=check_values"
        assert any(query in address for _, address in links(test))

    @pytest.mark.parametrize("kind", ["error", "timeout", "memory", "forbidden", "crashed"])
    @pytest.mark.parametrize("lang", ["en", "zh"])
    def test_every_kind_of_verdict_has_words(self, grader, kind, lang):
        grader.outcome = verdict(kind, checks=(), message=CHINESE, notes=(both("10 s"),))
        shown = text(click(one(lang=lang), "submit"))
        assert CHINESE[lang] in shown
        assert f"10 s {lang}" in shown

    def test_marks_are_of_the_text_they_were_found_in(self, store):
        number = store.add_submission("local", SLUG, "submitted = 1\n")
        store.record_verdict(number, verdict("error", line=2).to_dict())
        store.save_draft("local", SLUG, "submitted = 1\n")
        assert marks(one())
        store.save_draft("local", SLUG, "other = 1\n")
        assert not marks(one())

    def test_marks_are_left_to_the_editor_while_typing(self, grader):
        grader.outcome = verdict("error", line=2)
        test = click(one(), "submit")
        before = editor_data(test)
        write(test, "other = 1\n").run()
        assert editor_data(test) == before

    def test_written_before_it_is_graded(self, store, grader):
        grader.outcome = GraderError("killed")
        test = click(write(one(), "mine = 1\n"), "submit")
        assert "killed" in text(test)
        [kept] = store.submissions("local", SLUG)
        assert (kept.code, kept.verdict) == ("mine = 1\n", None)

    def test_cut_off_grading_can_be_done_again(self, store, grader):
        number = store.add_submission("local", SLUG, "mine = 1\n")
        test = one()
        assert "was not graded" in text(test)
        click(test, f"grade-bench-{number}")
        assert "**Accepted" in text(test)
        assert [kept.accepted for kept in store.submissions("local", SLUG)] == [True]
        assert grader.graded == [(SLUG, "mine = 1\n")]

    def test_verdict_of_another_version_leaves_the_page(self, store):
        number = store.add_submission("local", SLUG, "mine = 1\n")
        store.record_verdict(number, {"verdict": "wrong", "unheard_of": 1})
        test = one()
        assert "kept by another version" in text(test)
        click(test, f"grade-bench-{number}")
        assert "**Accepted" in text(test)

    def test_store_that_fails_grades_nothing(self, monkeypatch, store, grader):
        monkeypatch.setattr(store, "add_submission", failing("the disk is full"))
        assert "the disk is full" in text(click(one(), "submit"))
        assert not grader.graded

    def test_verdict_that_cannot_be_saved_is_shown_all_the_same(self, monkeypatch, store):
        monkeypatch.setattr(store, "record_verdict", failing("the disk is full"))
        shown = text(click(one(), "submit"))
        assert "**Accepted" in shown
        assert "the disk is full" in shown

    @pytest.mark.parametrize(
        ("position", "words"), [(0, "Checking your code"), (2, "In the queue: 2 before yours")]
    )
    def test_waiting_says_what_for(self, store, grader, position, words):
        grader.gate, grader.position = threading.Event(), position
        test = click(one(), "submit")
        assert words in text(test)
        grader.gate.set()
        desks_done(test)
        test.run()
        assert "**Accepted" in text(test)
        assert store.submissions("local", SLUG)[0].accepted

    def test_waiting_can_be_stopped_and_the_code_is_kept(self, store, grader):
        grader.gate = threading.Event()
        test = click(click(one(), "submit"), "stop")
        desks_done(test)
        test.run()
        assert "Stopped before the verdict" in text(test)
        assert store.submissions("local", SLUG)[0].verdict is None

    def test_stopped_submission_can_be_graded_again_after_a_reload(self, store, grader):
        grader.gate = threading.Event()
        stopped = click(click(one(), "submit"), "stop")
        desks_done(stopped)
        [number] = [kept.id for kept in store.submissions("local", SLUG)]
        test = one()
        tab(test, "History")
        assert "Not graded" in text(test)
        unfold(test, number)
        grader.gate = None
        click(test, f"grade-history-{number}")
        assert store.submissions("local", SLUG)[0].accepted

    def test_latest_verdict_is_there_on_coming_back(self, store):
        store.record_verdict(store.add_submission("local", SLUG, "x"), verdict().to_dict())
        shown = text(one())
        assert "Your latest submission" in shown
        assert "**Accepted" in shown


def unfold(test, number):
    test.session_state[f"submission-{number}"] = True
    test.run()


def desks_done(test):
    assert test.session_state["bench"].result.ended.wait(20)


class TestDraft:
    def test_starts_from_the_starter_then_from_the_draft(self, store):
        assert editor_data(one())["text"] == PROBLEM.starter
        store.save_draft("local", SLUG, "draft = 1\n")
        assert editor_data(one())["text"] == "draft = 1\n"

    def test_reset_and_back(self, store):
        store.save_draft("local", SLUG, "draft = 1\n")
        test = one()
        before = editor_data(test)
        click(test, "reset")
        after = editor_data(test)
        assert (after["text"], after["visit"]) == (PROBLEM.starter, before["visit"])
        assert after["revision"] > before["revision"]
        assert store.draft("local", SLUG).code == PROBLEM.starter
        click(test, "undo")
        assert editor_data(test)["text"] == store.draft("local", SLUG).code == "draft = 1\n"

    def test_text_from_python_stays_the_same_over_reruns(self):
        test = one()
        first = editor_data(test)
        write(test, "typed = 1\n").run()
        assert editor_data(test)["text"] == first["text"]
        assert editor_data(test)["revision"] == first["revision"]

    def test_unsaved_text_is_told(self, monkeypatch, store):
        monkeypatch.setattr(store, "save_draft", failing("read-only"))
        test = click(one(), "reset")
        saved = next(
            e.proto
            for e in test.get("bidi_component")
            if e.proto.component_name == "headroom.saved"
        )
        assert "not saved: read-only" in (saved.json or saved.mixed.json)

    def test_older_submission_goes_back_into_the_editor(self, store):
        number = store.add_submission("local", SLUG, "older = 1\n")
        store.record_verdict(number, verdict("wrong").to_dict())
        store.add_submission("local", SLUG, "newer = 1\n")
        test = one()
        tab(test, "History")
        assert "Your latest submission" in text(test)
        unfold(test, number)
        click(test, f"restore-{number}")
        assert editor_data(test)["text"] == "older = 1\n"
        assert "**Wrong" in text(test)
        assert "A submission of" in text(test)
        assert "Your latest submission" not in text(test)


class TestDesk:
    def test_verdict_is_kept_though_nobody_waits(self, store, grader):
        grader.gate = threading.Event()
        grading = Desk(grader, store).submit("local", SLUG, "x")
        assert store.submissions("local")[0].verdict is None
        grader.gate.set()
        assert grading.wait(20)
        assert store.submissions("local")[0].accepted

    def test_one_submission_is_graded_once_at_a_time(self, store, grader):
        grader.gate = threading.Event()
        desk = Desk(grader, store)
        first = desk.submit("local", SLUG, "x")
        assert desk.grade("local", SLUG, first.submission, "x") is first
        grader.gate.set()
        assert first.wait(20)
        assert len(grader.graded) == 1
        assert desk.grade("local", SLUG, first.submission, "x") is not first

    def test_any_error_ends_the_waiting(self, store, grader):
        grader.outcome = ZeroDivisionError()
        grading = Desk(grader, store).submit("local", SLUG, "x")
        assert grading.wait(20)
        assert isinstance(grading.failure, ZeroDivisionError)

    def test_old_gradings_are_forgotten(self, monkeypatch, store, grader):
        monkeypatch.setattr(desks, "KEPT", 2)
        desk = Desk(grader, store)
        numbers = []
        for _ in range(5):
            grading = desk.submit("local", SLUG, "x")
            assert grading.wait(20)
            numbers.append(grading.submission)
        assert [desk.get(number) is not None for number in numbers] == [False] * 3 + [True] * 2

    def test_examples_are_computed_once_and_again_after_a_failure(self, monkeypatch, store, grader):
        desk = Desk(grader, store)
        first = desk.examples(SLUG, (1, 1.0))
        assert desk.examples(SLUG, (1, 1.0)) is first
        assert desk.examples(SLUG, (1, 2.0)) is not first
        monkeypatch.setattr(grader, "examples", failing("gone", GraderError))
        failed = desk.examples(SLUG, (1, 3.0))
        assert failed.exception(20)
        assert desk.examples(SLUG, (1, 3.0)) is not failed


def test_the_page_imports_neither_torch_nor_matplotlib():
    code = (
        "import sys, views.problems\n"
        "from views.session import grader\n"
        "import grader\n"
        "print({'torch', 'matplotlib'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
