"""Start-up, first paint and page change of the app, beside an empty Streamlit app in the same run.

The two take turns, so that a machine that slows down slows both; the figures are medians.
"""

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tools.browser import ADVICE, find_chromium
from tools.serving import App

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

GOAL = 1.3  # times the empty app
EMPTY_APP = """
import streamlit as st

def page(name):
    return st.Page(lambda: st.title(name), title=name, url_path=name, default=name == "home")

st.navigation([page("home"), page("questions"), page("problems")], position="top").run()
"""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
FINISHED = '[data-testid="stApp"][data-test-script-state="notRunning"] h1'
NEW_HEADING = "old => document.querySelector('h1')?.innerText !== old"

# What was measured to the seconds of each round.
Figures = dict[str, list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds: int = parser.parse_args().rounds
    ours: Figures = defaultdict(list)
    empty: Figures = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder, opened_browser() as browser:
        script = Path(folder, "empty.py")
        script.write_text(EMPTY_APP, encoding="utf-8")
        for count in range(rounds + 1):
            for figures, name in ((empty, script), (ours, "app.py")):
                measured = measure(Path(folder), name, browser)
                if count:  # the first round fills caches: bytecode, the database, the disk's
                    for what, seconds in measured.items():
                        figures[what] += seconds
    print("\n".join(table(ours, empty)))


@contextmanager
def opened_browser() -> Iterator["Browser | None"]:
    """Chromium, or None, having said so, where there is none."""
    path = find_chromium()
    if path is None:
        print(f"Left out: first paint and page change ({ADVICE})")
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def measure(data: Path, script: str | Path, browser: "Browser | None") -> Figures:
    """Serve a script once; seconds to its start, its first pages and changes between them."""
    figures: Figures = {}
    started = time.perf_counter()
    with App(data, script, quiet=True) as app:
        figures["start-up"] = [time.perf_counter() - started]
        if browser:
            context = browser.new_context(locale="en-GB")
            page = context.new_page()
            opening = timed(lambda: page.goto(app.url), lambda: page.wait_for_selector("h1"))
            figures["first paint"] = [opening]
            figures["first page complete"] = [
                opening + timed(lambda: page.wait_for_selector(FINISHED))
            ]
            figures["page change"] = page_changes(page)
            context.close()
    return figures


def page_changes(page: "Page") -> list[float]:
    """Seconds of each change, from the click to the complete page; the first visits not counted."""
    seconds = []
    for name in ("questions", "problems", "questions", "problems", "questions"):
        old = page.inner_text("h1")
        link = page.locator(f"header a[href$='/{name}']")
        seconds.append(
            timed(
                link.click,
                lambda old=old: page.wait_for_function(NEW_HEADING, arg=old),  # type: ignore[misc]
                lambda: page.wait_for_selector(FINISHED),
            )
        )
    return seconds[2:]


def timed(*steps: Callable[[], object]) -> float:
    """Seconds that the steps take together."""
    started = time.perf_counter()
    for step in steps:
        step()
    return time.perf_counter() - started


def table(ours: Figures, empty: Figures) -> Iterator[str]:
    """A line for each figure: median of both, their ratio, and whether it meets the goal."""
    yield f"{'median of all rounds':<22}{'Headroom':>10}{'empty app':>11}{'ratio':>8}"
    for what, seconds in ours.items():
        mine, its = statistics.median(seconds), statistics.median(empty[what])
        verdict = "within the goal" if mine <= GOAL * its else f"above the goal of {GOAL}"
        yield f"{what:<22}{mine:>8.2f} s{its:>9.2f} s{mine / its:>8.2f}  {verdict}"


if __name__ == "__main__":
    main()
