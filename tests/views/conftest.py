"""The app driven without a browser, over a bank and a store of its own."""

import json
from pathlib import Path

import pytest
import streamlit as st
import yaml
from streamlit.testing.v1 import AppTest

from views import session

ROOT = Path(__file__).resolve().parents[2]
OPENED_BY = {"questions": "open_recall", "problems": "open_write", "lab": "open_see"}

RARE = {"level": "hard", "frequency": "occasional", "roles": ["inference", "research"]}


def both(text):
    return {"en": f"{text} in English", "zh": f"{text}中文"}


def question(id, **changes):
    """A question of the bank as a YAML-ready value, its texts named after its id."""
    return {
        "id": id,
        "level": "easy",
        "frequency": "frequent",
        "roles": ["general"],
        "minutes": 3,
        "question": both(f"Why {id}?"),
        "short": both(f"short {id}"),
        "answer": both(f"full {id} $x^2$"),
        "rubric": [both(f"point {number} of {id}") for number in range(3)],
        "pitfalls": [{"claim": both("claim"), "why": both("why")}],
        "follow_ups": [{"question": both(f"after {n}"), "answer": both("answer")} for n in (1, 2)],
        "sources": [{"title": "A paper", "where": "Section 3", "url": "https://example.org/a"}],
        "variants": ["scaled_dot_product"],
        **changes,
    }


class Content:
    """A bank in a folder, to which a test adds what it needs."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()

    def topic(self, id, *questions, order=1):
        """Write a topic's file; its path."""
        topic = {"id": id, "title": both(f"Topic {id}"), "order": order}
        file = self.folder / f"{id}.yaml"
        entries = json.loads(json.dumps({"topic": topic, "questions": questions}))  # no aliases
        file.write_text(yaml.safe_dump(entries, allow_unicode=True), encoding="utf-8")
        return file


class Visit:
    """The app as one person sees it: `page` is the AppTest, on the page asked for last."""

    def __init__(self, language="en"):
        self.page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        self.language = language

    def open(self, name="home", **query):
        """Open a page by its name, with `query` in the address."""
        self.page.query_params = {"lang": self.language}
        self.page.run()
        if name != "home":
            self.page.button(key=OPENED_BY[name]).click().run()
        if query:
            self.page.query_params = {"lang": self.language, **query}
            self.page.run()
        self.check()
        return self

    def click(self, key):
        self.page.button(key=key).click().run()
        return self.check()

    def check(self):
        """Fail on any traceback on the page."""
        assert [error.message for error in self.page.exception] == []
        return self

    @property
    def address(self):
        """The query parameters, less the language."""
        return {name: value for name, value in self.page.query_params.items() if name != "lang"}

    @property
    def title(self):
        return self.page.title[0].value

    @property
    def texts(self):
        """All Markdown and captions on the page."""
        return [text.value for text in (*self.page.markdown, *self.page.caption)]

    @property
    def links(self):
        """Labels of the links between pages, with where they lead."""
        return {link.label: link.proto.page + "?" + link.proto.query_string
                for link in self.page.get("page_link")}  # fmt: skip


@pytest.fixture
def content(tmp_path, monkeypatch):
    """A small bank of two topics in place of the real one, and no problems."""
    made = Content(tmp_path / "questions")
    made.topic("core", question("first"), question("second", **RARE))
    made.topic("cache", question("third", minutes=7, roles=["general", "inference"]), order=2)
    monkeypatch.setattr(session, "QUESTIONS", made.folder)
    monkeypatch.setattr(session, "SOLUTIONS", tmp_path / "solutions")
    return made


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """The store that the app uses, empty."""
    monkeypatch.setenv("HEADROOM_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("HEADROOM_DATABASE", raising=False)
    st.cache_resource.clear()
    yield session.store()
    session.store().close()
    st.cache_resource.clear()


@pytest.fixture
def visit(content, kept):
    """Opens the app in a language."""
    return Visit
