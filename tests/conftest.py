"""What is slow to start is started once: a browser, a judge. And which tests were left out."""

from collections.abc import Iterator
from typing import Any

import pytest

from grader import Grader
from tools.browser import ADVICE, find_chromium

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name each test that was left out, below the reason."""
    reasons: dict[str, list[str]] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reasons.setdefault(report.longrepr[2].removeprefix("Skipped: "), []).append(report.nodeid)
    for reason, names in reasons.items():
        terminalreporter.write_line(f"Left out, {len(names)} tests: {reason}")
        terminalreporter.write_line("\n".join(f"  {name}" for name in names))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium; without one the tests are left out, and say so. Playwright runs once a process."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = find_chromium()
    if path is None:
        pytest.skip(ADVICE)
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def grader() -> Iterator[Grader]:
    """A judge for all tests that do not mind what others had it judge."""
    with Grader(judges=1) as shared:
        yield shared
