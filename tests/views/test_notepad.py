"""The box for one's own answer, in a real browser: what is typed is never lost."""

import pytest

from study.store import Store
from tools.serving import App

QUESTION = "/questions?lang=en&id=what-is-attention"
FINISHED = '[data-testid="stApp"][data-test-script-state="notRunning"]'
TYPED = "n1ap and 4 more"  # every one-key shortcut of the page is in it

pytestmark = pytest.mark.browser


def opened(browser, app):
    page = browser.new_context(locale="en-US").new_page()
    page.set_default_timeout(30_000)
    page.goto(app.url + QUESTION)
    page.locator("textarea").wait_for()
    return page


def wait_until_saved(page):
    page.locator("[role=status]", has_text="Saved").wait_for()


def kept(folder):
    store = Store(f"sqlite:///{folder / 'headroom.db'}")
    answer = store.answer("local", "what-is-attention")
    store.close()
    return answer


def test_typing_saves_survives_a_crash_and_triggers_no_shortcut(browser, tmp_path):
    with App(tmp_path) as app:
        page = opened(browser, app)
        address = page.url
        page.locator("textarea").press_sequentially(TYPED)
        wait_until_saved(page)
        assert page.url == address
        assert page.get_by_text("In 30 seconds").count() == 0
        app.kill()
    assert kept(tmp_path) == TYPED
    with App(tmp_path) as app:
        assert opened(browser, app).locator("textarea").input_value() == TYPED


@pytest.mark.parametrize("reloaded", [False, True])
def test_text_typed_while_the_app_is_down_is_saved_when_it_is_back(browser, tmp_path, reloaded):
    with App(tmp_path) as app:
        page = opened(browser, app)
        page.locator("textarea").press_sequentially("before")
        wait_until_saved(page)
        app.kill()
        page.locator("textarea").press_sequentially(" and after")
        page.wait_for_timeout(600)
    with App(tmp_path, port=app.port):
        if reloaded:
            page.reload()
            page.locator("textarea").wait_for()
            assert page.locator("textarea").input_value() == "before and after"
        wait_until_saved(page)
    assert kept(tmp_path) == "before and after"


def test_an_answer_saved_elsewhere_beats_an_older_copy_of_this_browser(browser, tmp_path):
    with App(tmp_path) as app:
        page = opened(browser, app)
        page.locator("textarea").press_sequentially("old")
        wait_until_saved(page)
        app.kill()
        page.locator("textarea").press_sequentially("er")
    store = Store(f"sqlite:///{tmp_path / 'headroom.db'}")
    store.save_answer("local", "what-is-attention", "newest")
    store.close()
    with App(tmp_path, port=app.port):
        page.reload()
        page.locator("textarea").wait_for()
        assert page.locator("textarea").input_value() == "newest"


def test_keys_of_the_page(browser, tmp_path):
    with App(tmp_path) as app:
        page = opened(browser, app)
        first = page.locator("h1").inner_text()
        page.keyboard.press("a")
        page.get_by_text("In 30 seconds").wait_for()
        page.locator("[data-testid=stCheckbox] label").first.click()
        page.get_by_text("1 of ").first.wait_for()
        page.locator(FINISHED).wait_for()  # a key pressed while the page is drawn may be lost
        page.keyboard.press("3")  # works although a box was just ticked
        page.locator("[data-testid=stBaseButton-primary]", has_text="good").first.wait_for()
        page.keyboard.press("n")
        page.locator("h1", has_not_text=first).wait_for()
        page.go_back()
        page.locator("h1", has_text=first).wait_for()
        assert page.url.endswith(QUESTION)
