"""What holds for every page: words in both languages, room on a narrow window, no frills."""

import contextlib
import re
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import expect

from tests.browser.conftest import FINISHED, Visitor
from tools.serving import App

PAGES = {
    "home": "/",
    "questions": "/questions",
    "question": "/questions?id=multi-head-attention",
    "problems": "/problems",
    "problem": "/problems?slug=multi-head-attention",
    "lab": "/lab?variant=multi_head",
}
CHINESE, ENGLISH = re.compile("[一-鿿]"), re.compile("^[^一-鿿]+$")
# What stands out to the right, if the window or the page's own scroller can be scrolled there.
TOO_WIDE = """
() => {
  const scrollers = [document.documentElement, document.querySelector('[data-testid=stMain]')]
  if (scrollers.every(element => element.scrollWidth <= element.clientWidth)) return []
  const limit = document.documentElement.clientWidth
  return [...document.querySelectorAll('body *')]
    .filter(element => element.getBoundingClientRect().right > limit + 1)
    .map(element => element.outerHTML.slice(0, 120)).slice(0, 5)
}
"""


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_in_each_language_and_width(
    visitor: Visitor, app: App, name: str, locale: str
) -> None:
    page = visitor.open(app.url + PAGES[name], locale=locale)
    page.locator(FINISHED).wait_for()
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    chinese = locale == "zh-CN"
    page.locator("html[lang=zh-CN]" if chinese else "html[lang=en]").wait_for(state="attached")
    language = CHINESE if chinese else ENGLISH
    expect(page.locator("h1").first).to_have_text(language)
    expect(page).to_have_title(language)
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        # The navigation folds a moment after the window has become narrow.
        with contextlib.suppress(PlaywrightTimeout):
            page.wait_for_function(f"() => ({TOO_WIDE})().length === 0", timeout=10_000)
        assert page.evaluate(TOO_WIDE) == []


def test_the_switch_changes_the_language_and_keeps_it(visitor: Visitor, tmp_path: Path) -> None:
    with App(tmp_path) as app:
        page = visitor.open(app.url + "/problems", locale="zh-CN")
        page.get_by_role("radio", name="English").click()
        page.get_by_role("heading", name="Problems").wait_for()
        page.reload()
        page.get_by_role("heading", name="Problems").wait_for()
        page.get_by_role("radio", name="中文").click()
        page.get_by_role("heading", name=CHINESE).first.wait_for()


def test_no_frills_of_the_framework(visitor: Visitor, app: App) -> None:
    page = visitor.open(app.url)
    expect(page).to_have_title("Home · Headroom")
    expect(page.get_by_text("Deploy", exact=True)).to_have_count(0)
    expect(page.get_by_text("Made with Streamlit")).to_have_count(0)


def test_each_theme_follows_the_system(visitor: Visitor, app: App) -> None:
    def background(scheme: str) -> tuple[int, ...]:
        page = visitor.open(app.url, color_scheme=scheme)
        colour = page.locator("[data-testid=stApp]").evaluate(
            "element => getComputedStyle(element).backgroundColor"
        )
        return tuple(int(part) for part in re.findall(r"\d+", colour)[:3])

    assert min(background("light")) > 230
    assert max(background("dark")) < 60
