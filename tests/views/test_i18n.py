"""The interface's words, and which language a person sees."""

import ast
import re
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from streamlit.testing.v1 import AppTest

from study.entry import FREQUENCIES, LEVELS, ROLES
from study.search import STATES
from views import i18n
from views.i18n import preferred, say, strings, t

VIEWS = Path(i18n.__file__).parent
# What the data fill in, which the code of the pages need not name.
LIBRARY = "".join(file.read_text("utf-8") for file in VIEWS.parent.glob("attention/*.py"))
DATA = {*LEVELS, *FREQUENCIES, *ROLES, *STATES, "question", "problem"}
STAGES = {name.replace(" ", "_") for name in re.findall(r'stage\("([^"]+)"', LIBRARY)}
FILLINGS = DATA | STAGES | set(re.findall(r"\w+", LIBRARY))
HAN = "\u4e00-\u9fff"


def fields(text):
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


@cache
def asked():
    """Texts that stand in the code of the pages, and patterns where a part is computed."""
    texts, patterns = set(), set()
    for file in [VIEWS.parent / "app.py", *VIEWS.rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant):
                texts.add(node.value)
            if isinstance(node, ast.JoinedStr):
                parts = [re.escape(p.value) if isinstance(p, ast.Constant) else r"([\w-]+?)"
                         for p in node.values]  # fmt: skip
                patterns.add("".join(map(str, parts)))
    return texts, patterns


def is_asked(key):
    """Whether some code can ask for the key: literally, or as a pattern with a known filling.

    A pattern without a section of its own, such as f"{section}.{name}", would excuse every key.
    """
    texts, patterns = asked()
    if key in texts:
        return True
    for pattern in patterns:
        match = re.fullmatch(pattern, key) if re.match(r"[a-z]+\\\.", pattern) else None
        if match and all(part in texts or part in FILLINGS for part in match.groups()):
            return True
    return False


def literal_calls():
    """Every key that a page asks `t` for literally, with its file."""
    for file in VIEWS.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="t"), args=[ast.Constant(value=key), *_]):
                    yield file.name, key


def of_section(section):
    """The keys of a section and their texts, in the order of the file."""
    return [(key, texts) for key, texts in strings().items() if key.split(".")[0] == section]


@pytest.mark.parametrize("section", list(dict.fromkeys(key.split(".")[0] for key in strings())))
class TestStrings:
    def test_say_the_same_in_both_languages(self, section):
        for key, texts in of_section(section):
            assert set(texts) == {"en", "zh"}, key
            assert all(isinstance(text, str) and text.strip() for text in texts.values()), key
            assert fields(texts["en"]) == fields(texts["zh"]), key

    def test_chinese_is_set_as_chinese(self, section):
        for key, texts in of_section(section):
            half_width = re.search(rf"[{HAN}][,;:?!]|[{HAN}]\.(?:\s|$)", texts["zh"])
            unspaced = re.search(rf"[{HAN}][A-Za-z0-9]|[A-Za-z0-9%][{HAN}]", texts["zh"])
            assert not half_width, key
            assert not unspaced, key

    def test_english_neither_shouts_nor_speaks_chinese(self, section):
        for key, texts in of_section(section):
            assert not re.search(rf"!(?!=)|[{HAN}，。；：？！]", texts["en"]), key

    def test_are_used(self, section):
        assert [key for key, _ in of_section(section) if not is_asked(key)] == []


def test_every_key_asked_for_exists():
    missing = [(file, key) for file, key in literal_calls() if key not in strings()]
    assert missing == []


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,en;q=0.9,zh-CN;q=0.8", "en"),
        ("de-DE,de;q=0.9,zh-TW;q=0.5,en;q=0.3", "zh"),
        ("en;q=0.2, zh;q=0.7", "zh"),
        ("zh;q=0, en;q=0.1", "en"),
        ("fr-FR", "en"),
        ("zh;q=nonsense", "en"),
        ("", "en"),
    ],
)
def test_browser_preference(accepted, language):
    assert preferred(accepted) == language


def test_text_with_fields(monkeypatch):
    monkeypatch.setattr(i18n, "language", lambda: "zh")
    assert t("common.minutes", n=3) == "3 分钟"


def test_unknown_key():
    with pytest.raises(KeyError, match="no-such-key"):
        t("common.no-such-key")


def test_say_takes_both_kinds_of_text(monkeypatch):
    from study.text import Text

    monkeypatch.setattr(i18n, "language", lambda: "zh")
    assert say({"en": "a", "zh": "甲"}) == say(Text(en="a", zh="甲")) == "甲"


def shown(stored=None, locale=None, session=None, **query):
    """The language that `settle` decides on."""

    def script(stored):
        import streamlit as st

        from views.i18n import settle

        st.text(settle(stored))

    test = AppTest.from_function(script, args=(stored,))
    test.context = {"locale": locale}
    if session:
        test.session_state["language"] = session
    test.query_params.update(query)
    return test.run().text[0].value


class TestSettle:
    def test_address_beats_all(self):
        assert shown(stored="en", session="en", locale="en", lang="zh") == "zh"

    def test_session_beats_setting(self):
        assert shown(stored="en", session="zh", locale="en") == "zh"

    def test_setting_beats_browser(self):
        assert shown(stored="zh", locale="en-US") == "zh"

    def test_browser_is_the_first_guess(self):
        assert shown(locale="zh-CN") == "zh"

    @pytest.mark.parametrize("nonsense", ["fr", "", "<script>"])
    def test_unknown_language_is_ignored(self, nonsense):
        assert shown(stored=nonsense, locale="zh-CN", lang=nonsense) == "zh"
