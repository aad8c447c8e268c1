"""Every page in a narrow, a usual and a large window: nothing sticks out, and what may grow does."""

import pytest
from playwright.sync_api import expect

from cnncore.figures.palette import DARK, INPUT, KERNEL
from pages.parts.navigation import existing
from tests.browser.conftest import REST, until

pytestmark = pytest.mark.browser
WINDOWS = ((800, 800), (1280, 800), (1920, 1080))
SURPLUS = """() => {
    const main = document.querySelector('[data-testid="stMain"]');
    return main.scrollWidth - main.clientWidth;
}"""


# Charts and drawings measure their place again: whether all is as large as at the look before.
STILL = """() => {
    const main = document.querySelector('[data-testid="stMain"]');
    const before = window.extent;
    window.extent = [main.clientWidth, main.scrollWidth, main.scrollHeight].join();
    return window.extent === before;
}"""


def drawing(page):
    """Return the size of the page's first drawing in pixels."""
    box = page.locator("svg.picture").first.bounding_box()
    return box["width"], box["height"]


@pytest.mark.parametrize("name", [entry.name for entry in existing()])
def test_nothing_sticks_out(name, visit):
    page = visit("" if name == "home" else name)
    for width, height in WINDOWS:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(REST)
        page.wait_for_function(STILL, polling=150)
        assert page.evaluate(SURPLUS) <= 0, f"wider than a window of {width} pixels"


def test_a_drawing_is_larger_in_a_large_window(visit):
    page = visit("convolution")
    _, usual = drawing(page)
    page.set_viewport_size({"width": 1920, "height": 1080})
    until(lambda: drawing(page)[1] > 1.25 * usual, seconds=10)
    assert drawing(page)[0] > 1200  # and it has the page's width


def test_true_sizes_stay_true_in_a_large_window(visit):
    page = visit("augmentation")
    page.set_viewport_size({"width": 1920, "height": 1080})
    small = page.locator('img[alt^="Training view 1"]').last
    assert small.evaluate("image => [image.clientWidth, image.naturalWidth]") == [28, 28]


def rgb(colour):
    """Return a colour as browsers compute it."""
    return f"rgb({', '.join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))})"


def test_drawings_and_charts_wear_the_colours_of_the_window_even_when_it_changes(visit):
    page = visit("convolution")
    frame = page.locator("svg.picture .frame.in")
    expect(frame.first).to_have_css("stroke", rgb(INPUT))
    page.emulate_media(color_scheme="dark")
    expect(frame.first).to_have_css("stroke", rgb(DARK["input"]))
    page = visit("architecture")
    bar = page.locator(f'[data-testid="stVegaLiteChart"] path[fill="{KERNEL}"]')
    expect(bar.first).to_have_css("fill", rgb(DARK["kernel"]))
    page.emulate_media(color_scheme="light")
    expect(bar.first).to_have_css("fill", rgb(KERNEL))


def test_what_home_draws_in_advance_is_neither_seen_nor_reached(visit):
    page = visit("")
    drawn = page.locator(".st-key-rehearsal")
    drawn.get_by_test_id("stSlider").first.wait_for(state="attached")
    drawn.locator(".katex").first.wait_for(state="attached")
    assert not drawn.get_by_test_id("stSlider").first.is_visible()
    expect(drawn.get_by_role("slider")).to_have_count(0)  # by what is read aloud
    height = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
    drawn.evaluate("drawn => drawn.parentElement.style.display = 'none'")
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollHeight") == height  # it takes no room
