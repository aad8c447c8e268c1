"""The ways down a surface in a real browser: played, scrubbed, and begun where somebody clicks."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from cnncore.descent.paths import Setting, ways
from cnncore.descent.rules import Rule
from cnncore.figures.descent import descent_data

pytestmark = pytest.mark.browser
# Presses Pause at the 43rd step, however late a busy machine comes to ask for it.
PAUSE_AT_43 = """(root) => { window.paused = new Promise((done) => {
    const watch = new MutationObserver(() => {
        if (Number(root.dataset.step) < 43) return;
        watch.disconnect();
        root.querySelector('[aria-label="Pause"]').click();
        done(Number(root.dataset.step));
    });
    watch.observe(root, { attributes: true, attributeFilter: ["data-step"] });
}); }"""


def test_every_step_is_shown_without_asking_the_server(visit, page):
    asked = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda _: asked.append(socket.url)))
    visit("optimization")
    assert asked  # what a page needs to open is heard, so the silence below means something
    setting = Setting()
    drawn = descent_data(setting, ways(setting, (Rule.SGD, Rule.MOMENTUM)))["ways"]
    expect(page.locator(".walked")).to_have_count(2)
    expect(page.locator(".step")).to_have_text("step 150 of 150")
    box = page.locator(".map").bounding_box()
    assert box["y"] + box["height"] < 800  # the picture that answers stands above the fold
    asked.clear()
    page.locator(".scrub").fill("40")
    expect(page.locator(".step")).to_have_text("step 40 of 150")
    for way in drawn:
        row = page.locator(f"tr[data-way='{way['name']}']")
        assert float(row.get_attribute("data-loss")) == way["loss"][40]
    points = page.locator(".walked").first.get_attribute("points").split()
    assert len(points) == 41
    page.get_by_role("button", name="Next step").click()
    expect(page.locator(".step")).to_have_text("step 41 of 150")
    page.locator(".descent").evaluate(PAUSE_AT_43)
    page.get_by_role("button", name="Play").click()
    assert page.evaluate("window.paused") == 43
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(page.locator(".step")).to_have_text("step 43 of 150")
    assert asked == []


def test_a_click_on_the_map_begins_there_and_is_in_the_address(visit, page):
    visit("optimization")
    box = page.locator(".map").bounding_box()
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
    page.wait_for_url(
        re.compile(r"opt_x=3(\.0\d)?&opt_y=1\.\d+|opt_x=2\.9\d&opt_y=1\.\d+|opt_y=1\.\d+&opt_x=(3|2\.9\d)")
    )
    begun = re.compile(r"^(3|3\.0\d|2\.9\d),1\.(4|5)\d?$")
    expect(page.locator(".descent")).to_have_attribute("data-start", begun)
    ring = page.locator(".start").bounding_box()
    assert abs(ring["x"] + ring["width"] / 2 - box["x"] - 0.75 * box["width"]) < 4
    page.reload()
    expect(page.locator(".descent")).to_have_attribute("data-start", begun)


def test_what_diverges_is_said(visit):
    page = visit("optimization?opt_lr=0.3")
    expect(page.locator(".descent .note")).to_contain_text("SGD diverged: after step")
    expect(page.locator("tr[data-way='SGD']")).to_contain_text("diverged")
    expect(page.locator("tr[data-way='Momentum']")).not_to_contain_text("diverged")


COUNT_WRITTEN = """(note) => {
    window.written = 0;
    new MutationObserver(() => { window.written += 1; }).observe(note, { childList: true });
}"""


def test_what_is_said_is_written_when_it_changes_and_read_aloud_to_the_keyboard_alone(visit):
    page = visit("optimization?opt_lr=0.3")
    note = page.locator(".descent .note")
    expect(note).to_contain_text("SGD diverged: after step")
    expect(note).to_have_attribute("aria-live", "off")
    last = int(page.locator(".scrub").get_attribute("max"))
    page.locator(".scrub").fill(str(last - 20))
    expect(note).to_contain_text("SGD diverged: after step")
    expect(note).to_have_attribute("aria-live", "polite")
    note.evaluate(COUNT_WRITTEN)
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".step")).to_have_text(f"step {last} of {last}")
    assert page.evaluate("window.written") == 0
    page.get_by_role("button", name="Play").blur()
    expect(note).to_have_attribute("aria-live", "off")


def test_one_way_that_diverges_does_not_flatten_the_others(visit):
    """The chart's heights are the logarithms of the mean losses, down to the last one of what converges."""
    page = visit("optimization?lr=0.3")
    setting = Setting(lr=0.3)
    _, momentum = descent_data(setting, ways(setting, (Rule.SGD, Rule.MOMENTUM)))["ways"]
    expect(page.locator(".series")).to_have_count(2)
    points = page.locator(".series").nth(1).get_attribute("points").split()
    heights = [float(point.split(",")[1]) for point in points]
    fit = np.polyfit(np.log10(momentum["mean"]), heights, 1, full=True)
    assert fit[0][0] < 0
    assert fit[1][0] < 1  # the sum of squared errors, in pixels: rounding
    assert max(heights) - min(heights) > 80


def test_the_arrow_keys_move_the_start(visit):
    page = visit("optimization")
    root, ring = page.locator(".descent"), page.locator(".start")
    first = float(root.get_attribute("data-start").split(",")[0])
    at = ring.bounding_box()["x"]
    page.locator(".map").press("ArrowRight")
    page.locator(".map").press("ArrowRight")
    assert ring.bounding_box()["x"] > at  # at once
    page.wait_for_url(re.compile(r"[?&]opt_x="))
    expect(root).not_to_have_attribute("data-start", re.compile(rf"^{re.escape(f'{first:g}')},"))
    x, y = root.get_attribute("data-start").split(",")
    assert float(x) > first
    expect(page.locator(".map")).to_have_attribute("aria-label", re.compile(f"^The ways start at {x}, {y}"))
    assert page.locator(".map").evaluate("element => getComputedStyle(element).outlineStyle") == "solid"


def test_the_same_arrow_key_moves_it_again_after_a_prompt(visit):
    page = visit("optimization")
    for _ in range(2):
        page.locator(".map").press("ArrowRight")
        page.wait_for_url(re.compile(r"[?&]opt_x="))
        page.get_by_role("button", name="Over the edge").click()
        page.wait_for_url("**/optimization?opt_lr=0.3")
