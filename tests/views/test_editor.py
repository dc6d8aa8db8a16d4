"""The editor: what is shipped, what Python tells it, and what it does in a real browser."""

import hashlib
import json
import re
import time
from pathlib import Path

import pytest

from tools.serving import App
from views import editor
from views.editor import FOLDER
from views.i18n import strings

PACKAGE = json.loads((FOLDER / "package.json").read_text())
LOCK = json.loads((FOLDER / "package-lock.json").read_text())
BUNDLE = (FOLDER / "editor.js").read_text("utf-8")


class TestShipped:
    def test_versions_are_exact(self):
        wanted = PACKAGE["dependencies"] | PACKAGE["devDependencies"]
        assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
        locked = {name: LOCK["packages"][f"node_modules/{name}"]["version"] for name in wanted}
        assert locked == wanted

    def test_codemirror_is_version_6(self):
        # On the registry 6.65.7, the "latest", is version 5.
        assert PACKAGE["dependencies"]["codemirror"] == "6.0.2"

    def test_lock_file_names_no_host(self):
        assert "://" not in re.sub(r'"url": "https://[^"]+"', "", json.dumps(LOCK["packages"]))
        assert not [name for name, entry in LOCK["packages"].items() if "resolved" in entry]

    def test_bundle_is_of_these_sources(self):
        files = [FOLDER / "package-lock.json", *sorted((FOLDER / "source").iterdir())]
        text = "".join(file.read_text("utf-8") for file in files)
        assert f"SHA-256 {hashlib.sha256(text.encode()).hexdigest()}\n" in BUNDLE, "npm run build"

    def test_bundle_loads_nothing_from_elsewhere(self):
        assert "export{" in BUNDLE
        assert not re.findall(r"(?:^|[;}])import\b|\bimport\(", BUNDLE, re.MULTILINE)
        assert set(re.findall(r"\w+://[^\"'` ]+", BUNDLE)) <= {"http://www.w3.org/2000/svg"}
        assert not re.findall(r"\b(?:fetch|XMLHttpRequest|importScripts)\(", BUNDLE)

    def test_every_bundled_package_has_its_licence(self):
        text = (FOLDER / "LICENCES.txt").read_text("utf-8")
        development = {"esbuild", "node_modules/esbuild"}
        for path, entry in LOCK["packages"].items():
            name = path.removeprefix("node_modules/")
            if path and not entry.get("dev") and name not in development:
                assert f"{name} {entry['version']}\n" in text

    def test_every_phrase_is_in_the_bundle_and_translated(self):
        for phrase, name in editor._PHRASES.items():
            assert f'"{phrase}"' in BUNDLE or f"`{phrase}`" in BUNDLE, phrase
            assert strings()[f"editor.{name}"]["en"].casefold() == phrase.casefold()


class TestTyped:
    def test_nothing_typed_yet(self, monkeypatch):
        monkeypatch.setattr(editor.st, "session_state", {})
        assert editor.typed("e") is None

    def test_what_was_typed(self, monkeypatch):
        state = {"e": {"text": {"code": "x = 1\n", "seq": 7.0}}}
        monkeypatch.setattr(editor.st, "session_state", state)
        assert editor.typed("e") == editor.Typed("x = 1\n", 7)

    def test_revisions_grow(self):
        first = editor.new_revision()
        time.sleep(0.002)
        assert editor.new_revision() > first


SCRIPT = f"""
import json, sys, time
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
import streamlit as st
from views.editor import Document, Marks, code_editor, new_revision, saved_line

FILE = Path(__file__).with_name("kept.json")
START = "import torch\\n\\n\\ndef f(x):\\n    return x\\n"
state = st.session_state
lang = st.query_params.get("lang", "en")
state["language"] = lang

def kept():
    return json.loads(FILE.read_text()) if FILE.exists() else {{"code": START, "at": 0, "log": []}}

def keep(event, text):
    log = [*kept()["log"], [event, text.code, time.time()]]
    new = FILE.with_suffix(".new")
    new.write_text(json.dumps({{"code": text.code, "at": time.time(), "log": log}}))
    new.replace(FILE)
    state["seq"] = text.seq

def enter():
    state["document"] = Document(kept()["code"], "test", new_revision(), saved_at=kept()["at"])
    state["marks"] = Marks()

def replace():
    old = state["document"]
    state["document"] = Document("replaced = 1\\n", "test", old.visit, new_revision())

def mark():
    state["marks"] = Marks(str(time.time()), ((4, "NameError: here"),))

@st.fragment
def editor():
    code_editor(
        "e", state["document"], state["marks"], label="Code",
        on_text=lambda text: keep("text", text),
        on_run=lambda text: keep("run", text),
        on_submit=lambda text: keep("submit", text),
    )
    saved_line("saved", seq=state.get("seq", 0), age=0.0)

st.button("replace", on_click=replace)
st.button("mark", on_click=mark)
if not st.toggle("away"):
    if "e" not in state:
        enter()
    editor()
st.button("after")
st.text(f"runs {{state.setdefault('runs', 0)}}")
state["runs"] += 1
"""


class Page:
    """The little app above in a browser."""

    def __init__(self, browser, app, folder, lang="en"):
        self.app, self.kept = app, folder / "kept.json"
        self.page = browser.new_page(locale="en-US")
        self.page.set_default_timeout(60_000)
        self.page.goto(f"{app.url}/?lang={lang}")
        self.page.wait_for_selector("[data-editor][data-ready] .cm-content")

    def focus_end(self):
        self.page.locator(".cm-content").focus()
        self.page.keyboard.press("Control+End")

    def text(self):
        lines = self.page.locator(".cm-line").all_text_contents()
        return "\n".join(lines)

    def log(self):
        return json.loads(self.kept.read_text())["log"] if self.kept.exists() else []

    def wait(self, condition, seconds=20.0):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, (self.text(), self.log())
            self.page.wait_for_timeout(50)

    def button(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("editor")
    script = folder / "script.py"
    script.write_text(SCRIPT)
    with App(folder, script) as app:
        yield app, folder


@pytest.fixture
def page(browser, served):
    app, folder = served
    (folder / "kept.json").unlink(missing_ok=True)
    page = Page(browser, app, folder)
    yield page
    page.page.context.close()


@pytest.mark.browser
class TestInTheBrowser:
    def test_text_is_sent_while_typing_and_after_it(self, page):
        page.focus_end()
        began = time.time()
        page.page.keyboard.type("# " + "typed without a pause " * 3, delay=40)
        typing = time.time() - began
        page.wait(lambda: page.log() and page.log()[-1][1].endswith("a pause "))
        during = [at for _, _, at in page.log() if at < began + typing]
        assert len(during) >= int(typing) - 1
        assert {event for event, _, _ in page.log()} == {"text"}
        # Saving redraws the editor's fragment alone.
        assert page.page.get_by_text("runs 0").is_visible()

    def test_run_and_submit_carry_the_latest_text(self, page):
        page.focus_end()
        page.page.keyboard.type("a = 1")
        page.page.keyboard.press("Control+Enter")
        page.wait(lambda: any(event == "run" for event, _, _ in page.log()))
        page.page.keyboard.type("2")
        page.page.keyboard.press("Control+Shift+Enter")
        page.wait(lambda: any(event == "submit" for event, _, _ in page.log()))
        said = {event: code for event, code, _ in page.log()}
        assert said["run"].endswith("a = 1")
        assert said["submit"].endswith("a = 12")

    def test_tab_indents_until_escape(self, page):
        page.focus_end()
        page.page.keyboard.press("Tab")
        page.page.keyboard.type("12")  # a number, so that no list of completions opens
        page.page.keyboard.press("Tab")
        page.page.keyboard.type("3")
        assert page.text().endswith("\n    12  3")  # filled up to the next multiple of four
        assert page.page.evaluate(ACTIVE) == "cm-content"
        page.page.keyboard.press("Escape")
        page.page.keyboard.press("Tab")
        assert page.page.evaluate(ACTIVE) != "cm-content"

    def test_python_replaces_the_text_and_undo_brings_it_back(self, page):
        page.focus_end()
        page.page.keyboard.type("# mine")
        page.button("replace")
        page.wait(lambda: page.text() == "replaced = 1\n")
        page.focus_end()
        page.page.keyboard.press("Control+z")
        assert page.text().endswith("# mine")

    def test_marks_go_with_their_line(self, page):
        page.button("mark")
        message = page.page.locator(".cm-failure", has_text="NameError: here")
        message.wait_for()
        page.page.locator(".cm-content").focus()
        page.page.keyboard.press("Control+Home")
        page.page.keyboard.press("Enter")
        assert page.page.locator(".cm-failing").text_content() == "def f(x):"
        for _ in range(3):
            page.page.keyboard.press("ArrowDown")
        page.page.keyboard.type("#")
        assert message.count() == page.page.locator(".cm-failing").count() == 0

    def test_leaving_and_coming_back_starts_from_what_was_stored(self, page):
        page.focus_end()
        page.page.keyboard.type("# left at once")
        page.page.get_by_text("away").click()
        page.page.locator("[data-editor]").wait_for(state="detached")
        page.page.get_by_text("away").click()
        page.page.wait_for_selector("[data-editor][data-ready] .cm-content")
        page.wait(lambda: page.text().endswith("# left at once"))

    def test_a_reload_loses_nothing(self, page):
        page.focus_end()
        page.page.keyboard.type("# reloaded at once")
        page.page.reload()
        page.page.wait_for_selector("[data-editor][data-ready] .cm-content")
        page.wait(lambda: page.text().endswith("# reloaded at once"))

    def test_search_panel_speaks_chinese(self, browser, served):
        page = Page(browser, *served, lang="zh")
        page.focus_end()
        page.page.keyboard.press("Control+f")
        page.page.locator(".cm-search [name=search][placeholder=查找]").wait_for()
        page.page.context.close()


ACTIVE = """() => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element?.classList[0];
}"""


@pytest.mark.browser
def test_text_typed_while_the_app_is_down_comes_back(browser, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    with App(tmp_path, script) as app:
        page = Page(browser, app, tmp_path)
        page.focus_end()
        page.page.keyboard.type("# before ")
        page.wait(lambda: page.log() and page.log()[-1][1].endswith("# before "))
        app.kill()
        page.page.keyboard.type("and after")
        page.page.wait_for_timeout(1000)
    with App(tmp_path, script, port=app.port) as again:
        page.page.goto(again.url)
        page.page.wait_for_selector("[data-editor][data-ready] .cm-content")
        page.wait(lambda: page.text().endswith("# before and after"))
        page.wait(lambda: page.log()[-1][1].endswith("# before and after"))
    page.page.context.close()
