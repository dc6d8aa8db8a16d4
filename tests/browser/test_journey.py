"""One sitting, as a newcomer has it; then the app is killed, started again, and nothing is lost."""

import ast
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tools.serving import ROOT, App

PROBLEM = ROOT / "solutions" / "multi-head-attention"
WRONG = PROBLEM / "wrong" / "merge_without_transpose.py"
QUESTION = "/questions?id=multi-head-attention"
TASK = "/problems?slug=multi-head-attention"


def test_one_sitting_and_what_is_kept(visitor: Visitor, tmp_path: Path) -> None:
    with App(tmp_path) as app:
        question = visitor.open(app.url + QUESTION)
        recall(question)
        page = visitor.open(app.url + TASK)
        submit(page, WRONG.read_text(encoding="utf-8"), "Wrong")
        expect(page.get_by_test_id("stMain")).to_contain_text(misconception())
        submit(page, (PROBLEM / "solution.py").read_text(encoding="utf-8"), "Accepted")
        see(question)
        write(page, "# half an idea")
        app.kill()
    with App(tmp_path) as app:
        find_again(visitor, app)


def recall(page: Any) -> None:
    """Reveal the answer, tick a point, rate oneself."""
    expect(page.get_by_role("heading", name="Pitfalls")).to_have_count(0)
    page.get_by_role("button", name="Show answer").click()
    page.get_by_role("heading", name="Pitfalls").wait_for()
    page.locator(".katex").nth(5).wait_for()  # formulas are drawn
    page.locator("label:has(input[type=checkbox])").first.click()
    page.get_by_text(re.compile("1 of .* points")).wait_for()
    page.get_by_role("button", name="good").click()
    rated(page)


def rated(page: Any) -> None:
    """Wait until the rating shows as the chosen one."""
    page.locator("[data-testid=stBaseButton-primary]", has_text="good").first.wait_for()


def write(page: Any, code: str) -> None:
    """Replace what stands in the editor, and wait until that is saved."""
    editor = page.locator(".cm-content")
    editor.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(code)
    page.get_by_text(re.compile(r"^saved")).wait_for()


def submit(page: Any, code: str, verdict: str) -> None:
    """Submit the code and wait for its verdict."""
    write(page, code)
    page.get_by_role("button", name="Submit").click()
    page.get_by_text(re.compile(rf"^{verdict} · \d+ of \d+ checks")).wait_for()


def misconception() -> str:
    """What the wrong variant says of itself in English, as the page shows it."""
    docstring = ast.get_docstring(ast.parse(WRONG.read_text(encoding="utf-8")))
    assert docstring is not None
    return " ".join(docstring.split("\n\n")[0].split()).replace("`", "")


def see(page: Any) -> None:
    """Follow the link to the lab, where the heatmap of every head is drawn."""
    page.locator("a[href*='lab?variant=multi_head']").first.click()
    heatmap = page.get_by_role("img", name=re.compile("Heatmap of Weights: 4 maps"))
    heatmap.wait_for()
    box = heatmap.bounding_box()
    assert min(box["width"], box["height"]) > 100
    expect(page).to_have_url(re.compile("variant=multi_head"))


def find_again(visitor: Visitor, app: App) -> None:
    """The draft, the history with both verdicts, the rating and the counts are still there."""
    page = visitor.open(app.url + TASK)
    page.locator(".cm-content", has_text="# half an idea").wait_for()
    page.get_by_text("solved").first.wait_for()
    page.get_by_role("tab", name="History").click()
    history = page.get_by_role("tabpanel", name="History")
    history.get_by_text("Accepted").first.wait_for()
    history.get_by_text("Wrong").first.wait_for()
    page = visitor.open(app.url + QUESTION)
    page.get_by_role("button", name="Show answer").click()
    rated(page)
    page.get_by_text(re.compile("1 of .* points")).wait_for()
    page = visitor.open(app.url)
    page.get_by_text(re.compile(r"1 of \d+ rated")).wait_for()
    page.get_by_text(re.compile(r"1 of \d+ solved")).wait_for()
