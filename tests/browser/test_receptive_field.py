"""The box that follows the pointer, in a real browser, and the gradient that a click asks for."""

import re

import pytest
from playwright.sync_api import expect

from cnncore.architecture import Conv2d, Flatten, Linear, Network
from cnncore.architecture.link import link_text
from tests.browser.conftest import REST

pytestmark = pytest.mark.browser


def over(page, row, column, cells):
    """Move the pointer over a unit of a square map, from 0, and return its place."""
    box = page.locator(".frame.out").bounding_box()
    x, y = (
        box[start] + box[size] * (at + 0.5) / cells
        for start, size, at in (("x", "width", column), ("y", "height", row))
    )
    page.mouse.move(x, y)
    return x, y


def test_the_box_follows_the_pointer_and_a_click_asks_for_the_gradient(visit, page):
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda _: sent.append(socket.url)))
    visit("receptive_field?network=practical&field_layer=conv3&field_unit=5,5")
    field = page.locator(".field")
    expect(field).to_have_attribute("data-seen", "30,30", timeout=60_000)  # a server that has just started
    expect(field).to_have_attribute("data-heat", "shown", timeout=120_000)
    picture = page.locator(".picture").bounding_box()
    assert picture["y"] + picture["height"] < 800
    assert sent
    sent.clear()
    over(page, 0, 0, 8)
    expect(field).to_have_attribute("data-unit", "1,1")
    expect(field).to_have_attribute("data-seen", "18,18")
    expect(page.locator(".side")).to_contain_text("\u221213 to 18")
    expect(field).to_have_attribute("data-heat", "")
    assert sent == []  # the box needs no server
    page.mouse.click(*over(page, 0, 0, 8))
    expect(field).to_have_attribute("data-heat", "shown", timeout=60_000)
    page.wait_for_url(re.compile(r"unit=1(,|%2C)1"))


def test_rows_and_their_middle_are_counted_from_1(visit, page):
    visit("receptive_field?network=practical&field_layer=conv1&field_unit=17,17")
    expect(page.locator(".side")).to_contain_text("15 to 19", timeout=60_000)
    expect(page.locator(".side")).to_contain_text("17, 17")


def test_a_unit_beside_the_image_along_one_axis_sees_nothing(visit, page):
    network = Network("x", (3, 32, 32), (Conv2d(1, 3, padding=(1, 4)), Flatten(), Linear(10)))
    visit(f"receptive_field?network={link_text(network)}&field_layer=conv1&field_unit=9,1")
    expect(page.locator(".field")).to_have_attribute("data-seen", "0,0", timeout=60_000)
    expect(page.locator(".side")).to_contain_text("It sees padding alone.")


def test_the_keyboard_moves_the_unit(visit, page):
    visit("receptive_field?network=practical&field_layer=conv3&field_unit=5,5")
    page.locator(".picture").press("ArrowLeft")
    expect(page.locator(".field")).to_have_attribute("data-unit", "5,4")
    page.locator(".picture").press("Enter")
    page.wait_for_url(re.compile(r"unit=5(,|%2C)4"))


def test_what_is_said_of_a_unit_goes_with_it(visit, page):
    visit("receptive_field?network=practical&field_layer=conv3")
    said = page.get_by_test_id("stAlertContentInfo").get_by_text("really sees 30 × 30")
    field = page.locator(".field")
    expect(field).to_have_attribute("data-heat", "shown", timeout=120_000)
    page.get_by_role("button", name="At the border").click()
    expect(said).to_be_visible(timeout=60_000)
    expect(field).to_have_attribute("data-unit", "4,4")
    page.locator(".picture").scroll_into_view_if_needed()
    page.mouse.click(*over(page, 0, 0, 8))
    expect(said).to_have_count(0, timeout=60_000)
    page.mouse.click(*over(page, 3, 3, 8))
    expect(said).to_be_visible(timeout=60_000)


def test_what_the_pointer_shows_is_read_aloud_to_the_keyboard_alone(visit, page):
    visit("receptive_field?network=practical&field_layer=conv3")
    expect(page.locator(".side")).to_have_attribute("aria-live", "off", timeout=60_000)
    page.locator(".field .picture").focus()
    expect(page.locator(".side")).to_have_attribute("aria-live", "polite")
    page.locator(".field .picture").blur()
    expect(page.locator(".side")).to_have_attribute("aria-live", "off")


def test_a_narrow_window_holds_it_all(visit, page):
    page.set_viewport_size({"width": 800, "height": 900})
    visit("receptive_field?network=resnet18&field_layer=conv5-2")
    picture = page.locator(".picture").bounding_box()
    for part in (".frame.out", ".frame.in"):
        box = page.locator(part).bounding_box()
        assert picture["x"] <= box["x"]
        assert box["x"] + box["width"] <= picture["x"] + picture["width"] + 1
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0


def test_the_same_unit_is_chosen_again_after_another_setting(visit, page):
    visit("receptive_field?network=practical&field_layer=conv3")
    field = page.locator(".field")
    expect(field).to_have_attribute("data-heat", "shown", timeout=120_000)
    for _ in range(2):
        page.mouse.click(*over(page, 0, 0, 8))
        page.wait_for_url(re.compile(r"unit=1(,|%2C)1"))
        page.get_by_role("button", name="At the border").click()
        page.wait_for_url(re.compile(r"unit=4(,|%2C)4"))
        page.wait_for_function(REST)
