"""The builder in a real browser: what is done with the pointer and the keyboard in the list and in the diagram."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import REST

pytestmark = pytest.mark.browser


def names(page):
    return page.locator('.layers [role="option"] .what b').all_inner_texts()


def chosen(page):
    return page.locator('.layers [aria-selected="true"] .what b')


def test_rows_are_chosen_moved_and_removed_with_pointer_and_keys(visit):
    page = visit("builder")
    rows = page.locator('.layers [role="option"]')
    expect(rows).to_have_count(13)
    assert rows.nth(3).bounding_box()["y"] < page.viewport_size["height"]
    rows.filter(has_text="conv2").click()
    expect(chosen(page)).to_have_text("conv2")
    expect(page.get_by_label("Filters")).to_have_value("64")
    chosen(page).locator("xpath=ancestor::div[1]").press("Alt+ArrowDown")
    expect(rows.nth(4)).to_contain_text("conv2")
    expect(chosen(page)).to_have_text("conv2")
    rows.nth(4).press("ArrowUp")
    expect(chosen(page)).to_have_text("relu")
    rows.nth(3).press("Delete")
    expect(rows).to_have_count(12)
    page.wait_for_url("**/builder?network=~*")
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(rows).to_have_count(13)
    rows.nth(12).drag_to(rows.nth(10))
    expect(rows.nth(10)).to_contain_text("fc5")
    page.reload()
    expect(rows.nth(10)).to_contain_text("fc5")
    assert names(page)[-1] == "relu"


def test_a_box_of_the_diagram_opens_its_block(visit):
    page = visit("builder?network=googlenet")
    page.locator('.diagram [data-place="12,2,0"]').click()
    expect(page.locator('.layers [role="option"][data-place="12,2,0"]')).to_be_in_viewport()
    expect(page.get_by_text("a unit sees 43 px")).to_be_visible()
    page.locator('.layers [role="option"]', has_text="inception3a").scroll_into_view_if_needed()
    page.locator('.layers .slot[aria-selected="false"]').first.click()
    expect(page.locator('.layers [role="option"][data-place="11,0,0"]')).to_have_attribute("aria-selected", "true")


def test_a_list_box_holds_choices_and_groups_of_them_alone(visit):
    page = visit("builder?network=googlenet")
    expect(page.locator(".layers .slot").first).to_be_attached()
    inside = """list => [...list.querySelectorAll("*")]
        .filter((one) => !one.closest("[role=option], [aria-hidden=true]"))
        .map((one) => one.getAttribute("role") ?? (one.classList.contains("paths") ? "" : one.className))"""
    assert set(page.locator(".layers").evaluate(inside)) <= {"group", ""}
    slot = page.locator(".layers .slot").first
    place = slot.get_attribute("data-place")
    count = page.locator(".layers .row:not(.head)").count()
    slot.press("Delete")  # a shut path is chosen, not removed
    slot.press("Enter")
    expect(page.locator(f'.layers .row[data-place="{place}"]')).to_have_attribute("aria-selected", "true")
    assert page.locator(".layers .row:not(.head)").count() > count


def test_the_network_that_is_shown_is_trained(visit):
    page = visit("builder")
    page.get_by_role("button", name="One more pool").click()
    page.wait_for_url("**/builder?*network=~*")
    page.wait_for_function(REST)  # a click on a button that is just being drawn anew would be lost
    page.get_by_role("button", name="Train this network").click()
    page.wait_for_url("**/training?*network=~*")
    expect(page.get_by_text("423,170 parameters")).to_be_visible()
    expect(page.get_by_role("combobox", name="Network")).to_have_value("my practical")
    page.get_by_role("link", name="Architecture").click()
    expect(page.get_by_text("423,170 parameters")).to_be_visible()
