"""A click on a map chooses its channel, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_a_click_on_a_map_shows_its_channel_large(visit, page):
    page.set_default_timeout(120_000)  # the first visitor: data are drawn, the compute pool starts
    visit("inside")
    maps = page.locator(".maps button")
    expect(maps).to_have_count(16)  # the first layer of the untrained network
    box = maps.last.bounding_box()
    assert box["y"] + box["height"] < 800  # with the image, the answer and the heats above it
    maps.nth(4).click()
    expect(page.get_by_text("conv1, channel 5")).to_be_visible()
    expect(maps.nth(4)).to_have_attribute("aria-pressed", "true")
    page.wait_for_url(re.compile("inside_channel=5"))
    maps.nth(4).press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("conv1, channel 6")).to_be_visible()
    expect(page.locator('.maps button[aria-pressed="true"]')).to_have_count(1)
