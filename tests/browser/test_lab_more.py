"""One journey through what the lab can be given: own tensors, layers, own code, a measurement."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import FINISHED, PATIENCE

MEASURED = 4 * PATIENCE  # milliseconds: a fresh process has to import torch first


@pytest.fixture
def lab(app, visitor):
    def open_lab(query, **options):
        page = visitor.open(app.url + "/lab?lang=en&" + query, **options)
        page.locator(FINISHED).wait_for()
        return page

    return open_lab


def test_own_tensors_are_drawn_and_bad_ones_named(lab, tmp_path):
    good, bad = tmp_path / "good.npz", tmp_path / "bad.npz"
    np.savez(good, query=np.ones((2, 10, 16), dtype=np.float32))
    np.savez(bad, query=np.full((2, 10, 16), np.nan, dtype=np.float32))
    page = lab("variant=scaled_dot_product")
    page.get_by_text("Own tensors").click()
    page.locator("input[type=file]").set_input_files(good)
    page.get_by_text("From your file: query").wait_for()
    expect(page).to_have_url(re.compile(r"own=[0-9a-f]{12}"))
    expect(page.locator(".stage").first).to_have_attribute("aria-label", re.compile("10 rows"))
    page.locator("input[type=file]").set_input_files(bad)
    page.get_by_text("NaN or infinite").wait_for()
    expect(page).not_to_have_url(re.compile("own="))


def test_a_grid_of_layers_is_enlarged_and_rolled_out(lab):
    page = lab("tab=heads&variant=causal&stack=12&num_heads=16&model=32&length=12")
    canvas = page.locator(".stage canvas")
    canvas.wait_for()
    expect(page.locator(".stage .label"), "192 names have no room").to_have_count(0)
    canvas.click(position={"x": 3, "y": 3})
    expect(page).to_have_url(re.compile(r"head=0\b"))
    page.locator(".stage").focus()
    page.keyboard.press("Escape")
    page.locator("label", has_text="Attention rollout").click()
    expect(page).to_have_url(re.compile("rollout=on"))
    page.get_by_role("img", name=re.compile("Attention rollout: 12 maps")).wait_for()


def test_a_measurement_from_the_button_to_the_charts(lab):
    page = lab("tab=cost&cost=fused_kernel&cost_longest=512&cost_heads=1&cost_dim=16")
    page.get_by_role("img", name=re.compile("KV cache.*Llama 2 7B")).wait_for()
    expect(page.get_by_role("img", name=re.compile(r"Time \(ms\)"))).to_have_count(0)
    start = page.get_by_role("button", name="Measure")
    where = start.bounding_box()
    start.click()
    stop = page.locator(".st-key-lab_cost_stop button")
    stop.wait_for()
    place = stop.bounding_box()
    assert abs(place["x"] - where["x"]) < 1
    assert abs(place["y"] - where["y"]) < 1
    page.get_by_text("Measured.", exact=True).wait_for(timeout=MEASURED)
    chart = page.get_by_role("img", name=re.compile(r"Time \(ms\).*fused kernel: "))
    expect(chart.locator("title")).to_have_count(4)
    page.get_by_role("img", name=re.compile("KV cache.*Llama 2 7B")).wait_for()


def test_stopping_keeps_the_page(lab):
    page = lab("tab=cost&cost=causal&cost_longest=16384")
    page.get_by_role("button", name="Measure").click()
    page.locator(".st-key-lab_cost_stop button").click()
    page.get_by_text("Stopped.").wait_for()
    page.get_by_role("button", name="Measure").wait_for()


def test_on_a_phone_the_map_comes_first_and_settings_unfold_in_place(lab):
    page = lab("variant=multi_head", viewport={"width": 390, "height": 844})
    page.locator(".stage canvas").wait_for()
    assert page.locator(".stage canvas").bounding_box()["y"] < 844
    seed = page.get_by_label("Seed", exact=True).first
    expect(seed).to_be_hidden()
    page.locator(".st-key-lab_fold label").click()
    expect(seed).to_be_visible()
    where = seed.bounding_box()
    seed.fill("5")
    seed.press("Enter")
    expect(page).to_have_url(re.compile("seed=5"))
    assert seed.bounding_box() == where


def test_a_wide_window_has_no_such_switch(lab):
    page = lab("variant=multi_head", viewport={"width": 1280, "height": 900})
    expect(page.locator(".st-key-lab_fold")).to_be_hidden()
    expect(page.get_by_label("Seed", exact=True).first).to_be_visible()
