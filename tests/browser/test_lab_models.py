"""The lab's own models under a pointer and a keyboard: a sentence read, heads that form."""

import re

from playwright.sync_api import expect

WINDOW = {"width": 1440, "height": 1200}


def test_a_sentence_is_read_pointed_at_pinned_and_exchanged(app, visitor):
    page = visitor.open(
        app.url + "/lab?tab=text&lang=en&text=Mary+called+Tom+because+she+was+tired.",
        viewport=WINDOW,
    )
    tokens = page.get_by_role("option", name="she", exact=True)
    tokens.hover()
    readout = page.locator(".readout")
    expect(readout).to_contain_text("From “she”:")
    expect(readout.locator("b").first).to_contain_text("%")
    stage = page.locator(".stage")
    expect(stage).to_have_attribute("aria-label", re.compile("weights over 9 tokens"))
    lines = page.locator(".lines line")
    expect(lines.first).to_be_attached()
    only = lines.count()
    page.mouse.move(5, 5)
    expect(readout).to_contain_text("Point at a token")
    expect(lines.nth(only), "without a pointer every line is drawn").to_be_attached()
    tokens.click()
    expect(page).to_have_url(re.compile(r"token=5"))
    page.mouse.move(5, 5)
    expect(readout).to_contain_text("From “she”:")
    page.keyboard.press("ArrowDown")
    expect(readout).to_contain_text("From “was”:")
    box = page.locator(".stage canvas").bounding_box()
    page.mouse.move(box["x"] + 4, box["y"] + 4)
    expect(readout).to_contain_text("From “(start)”:")
    page.locator(".strip button").nth(1).click()
    expect(page).to_have_url(re.compile(r"text_head=\d\.\d&token=5"))
    expect(page.locator(".strip button").nth(1)).to_have_attribute("aria-selected", "true")
    field = page.get_by_label("Your sentence")
    field.fill("小红说她累了（真的）。")
    field.press("Control+Enter")
    expect(page.get_by_role("option", name="她", exact=True)).to_be_visible()
    expect(page).not_to_have_url(re.compile("token="))
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("option", name="她", exact=True)).to_be_visible()
    wide = "() => document.querySelector('[data-testid=stMain]').scrollWidth"
    assert page.evaluate(wide) <= 390


def test_heads_form_while_one_watches_and_stops(app, visitor):
    page = visitor.open(app.url + "/lab?tab=train&lang=en&seed=11", viewport=WINDOW)
    main = page.get_by_test_id("stMain")
    main.get_by_role("button", name="Train", exact=True).click()
    main.get_by_text(re.compile(r"Training: step \d*[1-9]\d* of 300")).wait_for()
    expect(main.locator(".curves polyline")).to_have_count(6)
    expect(main.locator(".stage canvas"), "the maps are drawn while it goes on").to_be_visible()
    main.get_by_role("button", name="Stop", exact=True).click()
    main.get_by_text("Stopped at step").wait_for()
    slider = main.get_by_role("slider", disabled=False)
    slider.focus()
    slider.press("ArrowLeft")
    expect(page).to_have_url(re.compile(r"seed=11&step=\d+$"))
    step = page.url.rpartition("=")[2]
    expect(main.get_by_text(f"At step {step} two layers")).to_be_visible()
    accuracy = main.get_by_role("img", name=re.compile("Accuracy against training steps"))
    expect(accuracy).to_be_visible()
    main.locator(".stage canvas").hover(position={"x": 60, "y": 60})
    expect(main.locator(".readout")).to_contain_text(re.compile(r"query \d+: [A-Za-f]"))
