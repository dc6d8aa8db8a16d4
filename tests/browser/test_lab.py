"""The lab's heatmap under a pointer, a keyboard and a change of the controls."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import expect

LINK = "/lab?variant=multi_head&mask=causal&queries=8&keys=8&num_heads=4&stage=scores&lang=en"


@pytest.fixture
def lab(app, visitor):
    page = visitor.open(app.url + LINK, viewport={"width": 1440, "height": 1000})
    page.locator(".stage canvas").wait_for()
    return page


def address(page, pattern):
    expect(page).to_have_url(re.compile(pattern))


def escape_until(page, pattern):
    """The address changes before the map is drawn anew: too early a key has nothing to close."""
    for _ in range(20):
        page.locator(".stage").focus()
        page.keyboard.press("Escape")
        with suppress(AssertionError):
            expect(page).to_have_url(re.compile(pattern), timeout=3000)
            return
    address(page, pattern)


def test_pointing_at_a_cell_tells_where_it_is_and_how_it_was_made(lab):
    lab.locator(".stage canvas").hover(position={"x": 4, "y": 20})
    readout = lab.locator(".readout")
    expect(readout).to_contain_text("head 0")
    expect(readout).to_contain_text("query 0")
    expect(readout).to_contain_text("key 0")
    expect(readout).to_contain_text("dot product")


def test_keys_move_the_cell_and_stop_at_the_edge(lab):
    lab.locator(".stage").focus()
    for key in ("ArrowDown", "ArrowDown", "End", "ArrowRight", "ArrowUp", "PageDown"):
        lab.keyboard.press(key)
    readout = lab.locator(".readout")
    for words in ("head 1", "query 1", "key 7"):
        expect(readout).to_contain_text(words)
    stage = lab.locator(".stage")
    expect(stage).to_have_attribute("aria-label", re.compile("4 maps of 8 rows"))


def test_a_head_is_enlarged_and_a_stage_chosen_and_the_link_says_so(lab):
    lab.locator(".stage canvas").click(position={"x": 4, "y": 20})
    address(lab, r"head=0")
    escape_until(lab, r"stage=scores$")
    lab.get_by_role("option", name="Weights").click()
    address(lab, r"stage=weights")
    expect(lab.get_by_role("option", name="Weights")).to_have_attribute("aria-selected", "true")


def test_a_rectangle_is_zoomed_into(lab):
    box = lab.locator(".stage canvas").bounding_box()
    lab.mouse.move(box["x"] + 4, box["y"] + 20)
    lab.mouse.down()
    lab.mouse.move(box["x"] + 90, box["y"] + 110, steps=4)
    lab.mouse.up()
    address(lab, r"head=0&zoom=0-\d")
    lab.get_by_role("button", name="Whole map").click()
    address(lab, r"head=0$")


def test_a_change_redraws_in_place(lab):
    canvas = lab.locator(".stage canvas").element_handle()
    picture = "canvas => canvas.toDataURL()"
    before, place = canvas.evaluate(picture), canvas.bounding_box()
    seed = lab.get_by_label("Seed", exact=True).first
    where = seed.bounding_box()
    seed.fill("5")
    seed.press("Enter")
    address(lab, r"seed=5")
    lab.wait_for_function(
        "([c, old]) => c.isConnected && c.toDataURL() !== old", arg=[canvas, before]
    )
    assert canvas.bounding_box() == place
    assert seed.bounding_box() == where
