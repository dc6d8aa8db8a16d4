"""A real browser before the real app, which has a data folder of its own: for every page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.serving import App

PATIENCE = 60_000  # milliseconds: a machine that is busy with something else is no failure
FINISHED = '[data-testid="stApp"][data-test-script-state="notRunning"]'


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def app(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app, for tests that do not mind what others did in it."""
    with App(tmp_path_factory.mktemp("data")) as running:
        yield running


class Visitor:
    """Opens pages, each in a context of its own, and notes what went wrong in them."""

    def __init__(self, browser: Any) -> None:
        self.browser = browser
        self.faults: list[str] = []

    def open(self, url: str, **options: Any) -> Any:
        """A page at `url`, once its heading is there."""
        context = self.browser.new_context(**{"locale": "en-GB", **options})
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.on("request", lambda request: self.note_foreign(request.url))
        page.goto(url)
        page.locator("h1, h2").first.wait_for()
        return page

    def note_foreign(self, url: str) -> None:
        """Everything comes from this machine: the app works without a network."""
        if not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")):
            self.faults.append(f"asked for {url}")


@pytest.fixture
def visitor(browser: Any) -> Iterator[Visitor]:
    sync_api = pytest.importorskip("playwright.sync_api")
    sync_api.expect.set_options(timeout=PATIENCE)
    guest = Visitor(browser)
    yield guest
    for context in browser.contexts:
        context.close()
    assert guest.faults == []
