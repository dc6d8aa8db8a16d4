"""The Text view with somebody else's model: choice, loading in the background, messages."""

import re
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import streamlit
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from models import pretrained
from models.pretrained import OWN, PUBLIC, Pretrained, Trouble
from models.vocabulary import Token
from tests.views.test_charts import unpack
from tests.views.test_lab_text import opened, page, query_of
from views import lab_text_job, lab_text_panels, lab_text_pretrained, lab_text_setup, lab_text_take
from views.i18n import strings
from views.lab_reader import Reader
from views.lab_text_job import KEPT, Busy, Job, Shelf
from views.lab_text_setup import Text

NAME = "somebody/small"


class Stub(Pretrained):
    """A model that reads words: one head looks back, one at the first, two evenly."""

    def read(self, text):
        words = text.split()
        n = len(words)
        if n > self.longest:
            raise Trouble("long", tokens=n, limit=self.longest)
        even = np.full((n, n), 1 / max(n, 1))
        back = np.eye(n, k=-1) + np.eye(n) * (np.arange(n) == 0)
        first = np.full((n, n), 0.02 / n) + np.eye(n)[:1] * 0.98 if n else even
        maps = np.stack([[back, first, even, even]] * 2)
        tokens = [Token(word, word.lower(), known=word != "zebra") for word in words]
        return tokens, maps.astype(np.float32)


def stub(name=NAME):
    return Stub(name, "gpt2", 1234, 2, 4, 6, None, None)


@pytest.fixture
def shelf(monkeypatch):
    """An empty shelf, from which a test hands out models; the package seems to be installed."""
    made = Shelf(OWN)
    monkeypatch.setattr(lab_text_pretrained, "shelf", lambda: made)
    monkeypatch.setattr(pretrained, "installed", lambda: True)
    monkeypatch.setattr(lab_text_job, "load", lambda name, limits, tell: stub(name))
    monkeypatch.setattr(lab_text_pretrained, "limits", lambda: OWN)
    return made


def finished(job):
    end = time.monotonic() + 20
    while not job.over:
        assert time.monotonic() < end
        time.sleep(0.01)
    return job


def load_of(shelf, name=NAME):
    return finished(shelf.begin(name))


def failing(trouble):
    def load(name, limits, tell):
        raise trouble

    return load


class TestLink:
    @given(
        st.text(max_size=40).filter(bool),
        st.text(min_size=1, max_size=40),
        st.sampled_from(["", "1.0", "12.31"]),
    )
    def test_every_choice_comes_back(self, typed, name, head):
        chosen = Text(typed, head, None, name)
        reader = Reader(lab_text_setup.write(chosen))
        assert lab_text_setup.read(reader) == chosen
        assert [c.name for c in reader.finish()] == ["tab"], "which others read"

    @pytest.mark.parametrize("head", ["0.1", "1", "1.1.1", "1234.1", "a.b"])
    def test_a_head_that_no_model_can_have(self, head):
        reader = Reader({"text_model": NAME, "text_head": head})
        assert lab_text_setup.read(reader).head == ""
        assert [c.name for c in reader.complaints] == ["text_head"]

    def test_a_name_that_is_too_long(self):
        test = opened(text_model="a" * 300)
        assert not test.exception
        assert r"text\_model" in test.warning[0].value
        assert test.selectbox(key="lab_text_source").value == "own"


class TestPage:
    def test_a_link_loads_nothing_by_itself(self, shelf):
        test = opened(text_model=NAME, text="one two")
        assert not test.exception
        assert shelf.find(NAME) is None
        assert query_of(test)["text_model"] == NAME
        assert any("gpt2" in caption.value for caption in test.caption), "what can be loaded"

    def test_a_press_loads_and_the_text_is_read(self, shelf):
        test = opened(text_model=NAME, text="one two three four", text_head="2.0")
        test.button(key="lab_text_load").click().run()
        load_of(shelf)
        test.run()
        assert not test.exception
        options = test.selectbox(key="lab_text_head").options
        assert len(options) == 8
        assert options[0].startswith(f"{strings()['lab.pattern_previous']['en']} 75%")
        assert options[1].startswith(strings()["lab.pattern_first"]["en"])
        assert query_of(test)["text_head"] == "2.0"
        assert any("1,234" in caption.value for caption in test.caption)

    def test_choosing_another_model_lets_head_and_token_go(self, shelf):
        test = opened(text="one two three", text_head="2.3", token="1")
        test.selectbox(key="lab_text_source").set_value("pretrained").run()
        assert not test.exception
        query = query_of(test)
        assert query["text_model"] == lab_text_pretrained.FIRST
        assert {"text_head", "token"} & query.keys() == set()
        test.text_input(key="lab_text_model").set_value("").run()
        assert test.button(key="lab_text_load").disabled
        test.selectbox(key="lab_text_source").set_value("own").run()
        assert not test.exception
        assert "text_model" not in query_of(test)
        assert query_of(test)["text_head"] in lab_text_setup.HEADS

    def test_progress_while_it_loads_and_another_page_meanwhile(self, shelf, monkeypatch):
        go = threading.Event()

        def slow(name, limits, tell):
            tell("fetching", 2**20, 4 * 2**20)
            go.wait(20)
            return stub(name)

        monkeypatch.setattr(lab_text_job, "load", slow)
        test = opened(text_model=NAME, text="one two")
        test.button(key="lab_text_load").click().run()
        while shelf.find(NAME).step != "fetching":
            time.sleep(0.01)
        test.run()
        assert not test.exception
        bar = test.get("progress")[0].proto
        assert (bar.value, "1 of 4 MiB" in bar.text) == (22, True)
        assert not opened(text="one two").exception
        go.set()
        finished(shelf.find(NAME) or Job(NAME, "done"))
        test.run()
        assert len(test.selectbox(key="lab_text_head").options) == 8

    def test_without_the_package_it_says_how_to_get_it(self, shelf, monkeypatch):
        monkeypatch.setattr(pretrained, "installed", lambda: False)
        test = opened(text_model=NAME)
        assert not test.exception
        assert "transformers" in test.info[0].value
        assert "pip install" in test.code[0].value

    @pytest.mark.parametrize("language", ["en", "zh"])
    @pytest.mark.parametrize(
        "trouble",
        [
            Trouble("local"),
            Trouble("folder"),
            Trouble("unknown", reason="a"),
            Trouble("gated", reason="a"),
            Trouble("offline", reason="*a* [b](c)"),
            Trouble("format"),
            Trouble("family", family="t5"),
            Trouble("large", size=2**31, limit=2**30),
            Trouble("layers", layers=300, limit=128),
            Trouble("missing", count=2, first="h.0"),
            Trouble("load", reason="OSError: x"),
            Trouble("weights"),
            Trouble("run", reason="IndexError"),
        ],
        ids=lambda trouble: getattr(trouble, "kind", trouble),
    )
    def test_every_trouble_is_told(self, shelf, monkeypatch, trouble, language):
        monkeypatch.setattr(lab_text_job, "load", failing(trouble))
        load_of(shelf)
        test = AppTest.from_function(page, default_timeout=60)
        test.session_state["language"] = language
        test.query_params.update({"tab": "text", "text": "one two", "text_model": NAME})
        test.run()
        assert not test.exception
        said = test.warning[0].value
        assert "{" not in said
        words = strings()[f"lab.pretrained_not_{trouble.kind}"][language]
        assert said.startswith(words.split("{")[0])
        if trouble.kind == "large":
            assert "2,048" in said

    def test_a_text_that_is_too_long_or_too_short(self, shelf):
        load_of(shelf)
        assert "7" in opened(text_model=NAME, text="a b c d e f g").warning[0].value
        assert opened(text_model=NAME, text="a").info
        assert not opened(text_model=NAME, text="a b").warning

    @pytest.mark.parametrize(("address", "folders"), [("127.0.0.1", True), ("0.0.0.0", False)])
    def test_folders_only_where_nobody_else_comes(self, address, folders, monkeypatch):
        before = streamlit.get_option("server.address")
        streamlit.config.set_option("server.address", address)
        try:
            assert lab_text_pretrained.limits() == (OWN if folders else PUBLIC)
            told = "pretrained_folders" if folders else "pretrained_no_folders"
            captions = [c.value for c in opened(text_model=NAME).caption]
            assert strings()[f"lab.{told}"]["en"] in captions
        finally:
            streamlit.config.set_option("server.address", before)


def test_every_kind_of_trouble_has_its_words():
    source = Path(pretrained.__file__).read_text(encoding="utf-8")
    kinds = {*re.findall(r'Trouble\(\s*"(\w+)"', source), *pretrained._MEANINGS.values(), "load"}
    assert kinds == set(lab_text_pretrained.TROUBLES) - {"empty"}
    assert {*re.findall(r'tell\("(\w+)"', source)} == set(lab_text_pretrained.STEPS)


class TestShelf:
    def test_a_failure_can_be_tried_again(self, shelf, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr(lab_text_job, "load", failing(OSError("why")))
            job = load_of(shelf)
        assert (job.state, job.trouble.kind) == ("failed", "load")
        assert job.trouble.__traceback__ is None
        assert load_of(shelf).state == "done"

    def test_what_was_asked_for_longest_ago_is_let_go(self, shelf):
        names = [f"n{number}" for number in range(KEPT)]
        for name in names:
            load_of(shelf, name)
        shelf.find(names[0])
        load_of(shelf, "new")
        kept = [name for name in [*names, "new"] if shelf.find(name)]
        assert kept == [names[0], *names[2:], "new"]

    def test_one_at_a_time_and_not_too_many(self, shelf, monkeypatch):
        go, running, most = threading.Event(), [], []

        def slow(name, limits, tell):
            running.append(name)
            most.append(len(running))
            go.wait(20)
            running.remove(name)
            return stub(name)

        monkeypatch.setattr(lab_text_job, "load", slow)
        jobs = [shelf.begin(f"n{number}") for number in range(lab_text_job.WAITING + 1)]
        assert shelf.begin("n1") is jobs[1]
        assert shelf.before(jobs[3]) == 3
        with pytest.raises(Busy):
            shelf.begin("one more")
        go.set()
        assert [finished(job).state for job in jobs] == ["done"] * len(jobs)
        assert set(most) == {1}


class TestPanels:
    @pytest.fixture
    def reading(self):
        tokens, maps = stub().read("The zebra sat down")
        return lab_text_panels.Reading(tuple(tokens), maps, NAME)

    def test_the_strip_has_the_heads_of_one_layer_with_their_patterns(self, reading):
        header, _ = unpack(lab_text_panels.frame_of(reading, "2.1", None))
        assert [entry["name"] for entry in header["strip"]] == ["2.0", "2.1", "2.2", "2.3"]
        assert header["strip"][0]["title"].startswith("previous token")
        notes = {token["text"]: token["note"] for token in header["tokens"]}
        assert notes["zebra"] == strings()["lab.pretrained_unknown"]["en"]
        assert "to The" in header["alt"], "a first token is a token like any other"

    def test_the_code_names_the_model_and_compiles(self):
        code = lab_text_take.snippet("it's", "2.1", NAME)
        compile(code, "snippet", "exec")
        assert repr(NAME) in code
        assert "weights[1, 1]" in code
