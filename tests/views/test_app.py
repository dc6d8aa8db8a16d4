"""The shell: pages by file, the header, both themes, and what a page may import."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import streamlit as st

from tests.views.conftest import ROOT
from views import FOLDER, page_files
from views.widgets import one_line, plain

CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
PAGE = 'PAGE = {"order": 9, "icon": ":material/quiz:", "key": "nav.home"}\n'


class TestPages:
    def test_every_page_of_the_folder_is_found(self):
        declared = [file for file in FOLDER.glob("*.py") if "\nPAGE = " in file.read_text("utf-8")]
        assert {page.name for page in page_files()} == {file.stem for file in declared}
        assert {"home", "questions"} <= {page.name for page in page_files()}

    def test_home_comes_first(self):
        assert page_files()[0].name == "home"

    def test_a_new_file_is_a_new_page(self, tmp_path):
        (tmp_path / "extra.py").write_text(PAGE + "import no_such_module\n")
        (tmp_path / "helper.py").write_text("import no_such_module\n")
        assert [(page.name, page.order) for page in page_files(tmp_path)] == [("extra", 9)]

    @pytest.mark.parametrize("literal", ["{}", "dict(order=1)", '{"order": 1, "colour": 2}'])
    def test_a_malformed_declaration_names_its_file(self, tmp_path, literal):
        (tmp_path / "broken.py").write_text(f"PAGE = {literal}\n")
        with pytest.raises(ValueError, match=r"broken\.py"):
            page_files(tmp_path)

    @pytest.mark.parametrize("language", ["en", "zh"])
    @pytest.mark.parametrize("name", ["home", "questions", "problems"])
    def test_every_page_in_both_languages(self, visit, name, language):
        page = visit(language).open(name)
        has_han = re.search("[\u4e00-\u9fff]", page.title) is not None
        assert has_han == (language == "zh")


class TestHeader:
    def test_switch_keeps_the_language(self, visit, kept):
        page = visit("en").open()
        page.page.query_params = {}
        page.page.run()
        page.page.button_group(key="language_switch").set_value("zh").run()
        assert page.title == "接下来做什么"
        assert kept.setting("local", "language") == "zh"

    def test_address_follows_the_switch(self, visit):
        page = visit("en").open()
        page.page.button_group(key="language_switch").set_value("zh").run()
        assert page.page.query_params["lang"] in ("zh", ["zh"])
        assert page.title == "接下来做什么"

    def test_page_names_its_language(self, visit):
        scripts = [html.value for html in visit("zh").open().page.get("html")]
        assert any("documentElement.lang = 'zh-CN'" in script for script in scripts)

    def test_setting_is_remembered_by_the_next_session(self, visit, kept):
        kept.set_setting("local", "language", "zh")
        page = visit().page.run()
        assert page.title[0].value == "接下来做什么"


class TestStoreFails:
    @pytest.mark.parametrize("name", ["home", "questions"])
    def test_page_says_so_and_works(self, visit, kept, monkeypatch, name):
        monkeypatch.setenv("HEADROOM_DATABASE", "no-such-database://x")
        st.cache_resource.clear()
        page = visit().open(name)
        (error,) = page.page.error
        assert "could not be read or saved" in error.value
        monkeypatch.delenv("HEADROOM_DATABASE")
        st.cache_resource.clear()

    def test_callback_says_so(self, visit, kept, monkeypatch):
        page = visit().open("questions", id="first").click("show")
        monkeypatch.setenv("HEADROOM_DATABASE", "no-such-database://x")
        st.cache_resource.clear()
        page.click("rate_good")
        assert page.page.error
        monkeypatch.delenv("HEADROOM_DATABASE")
        st.cache_resource.clear()


LIGHT_PAGES = """
import sys
from streamlit.testing.v1 import AppTest
page = AppTest.from_file("app.py", default_timeout=60).run()
page.button(key="open_recall").click().run()
page.query_params["id"] = "what-is-attention"
page.run()
page.button(key="show").click().run()
assert not page.exception, page.exception
assert page.title[0].value, page
print([name for name in ("torch", "matplotlib", "sympy") if name in sys.modules])
"""


def test_pages_without_tensors_import_no_tensor_library(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LIGHT_PAGES],
        cwd=ROOT,
        env={"HEADROOM_DATA": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "[]"


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
class TestTheme:
    def test_text_is_readable(self, mode):
        theme = CONFIG["theme"][mode]
        for ground in ("backgroundColor", "secondaryBackgroundColor"):
            assert contrast(theme["textColor"], theme[ground]) >= 7
            assert contrast(theme["linkColor"], theme[ground]) >= 4.5
        assert contrast("#ffffff", theme["primaryColor"]) >= 4.5  # the text of the main button

    def test_names_the_same_colours(self, mode):
        assert CONFIG["theme"][mode].keys() == CONFIG["theme"]["light"].keys()

    def test_logo_is_visible(self, mode):
        logo = (FOLDER / "wordmark.svg").read_text("utf-8")
        (colour,) = re.findall(r'fill="(#\w{6})"', logo)
        assert contrast(colour, CONFIG["theme"][mode]["backgroundColor"]) >= 3


def test_nothing_is_sent_or_fetched():
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert CONFIG["client"]["toolbarMode"] == "minimal"
    assert "http" not in Path(ROOT / ".streamlit/config.toml").read_text("utf-8")


def test_a_label_is_one_line():
    assert one_line("two\n  lines ") == "two lines"


@pytest.mark.parametrize("text", ["[a](http://x)", "`code`", "**b**", "$x$", "<b>", ":red[x]"])
def test_somebodys_text_is_not_markup(text):
    assert re.sub(r"\\(.)", r"\1", plain(text)) == text
    assert not re.search(r"(?<!\\)[\[\]`*$<>:]", plain(text))


def test_only_markup_is_escaped():
    assert plain("第一题，“注意力” é") == "第一题，“注意力” é"
