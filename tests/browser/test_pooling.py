"""The shifted picture in a real browser: what its sliders, its table and its pointing say."""

import numpy as np
import pytest
from playwright.sync_api import expect

from cnncore.architecture import AvgPool2d, MaxPool2d
from cnncore.figures.pooling import IMAGE, drawn_scene, study, view

pytestmark = pytest.mark.browser
FOUND = study(drawn_scene(12), IMAGE, (MaxPool2d(2), AvgPool2d(2)))
SCENE = np.array(FOUND.data["scene"])


def counts(page, name):
    row = page.locator(f'tr[data-series="{name}"]')
    return int(row.get_attribute("data-changed")), int(row.get_attribute("data-cells"))


def test_a_shift_is_drawn_counted_and_kept_in_the_address(visit):
    page = visit("pooling")
    box = page.locator(".pool .picture").bounding_box()
    assert box["y"] + box["height"] < 800  # the picture that answers stands above the fold
    for right in (1, 2, 3):
        page.get_by_label("Shift right, in pixels").fill(str(right))
        expect(page.locator(".pool")).to_have_attribute("data-shift", f"{right},0,0")
        for name in ("before", "max", "average", "global"):
            expected = FOUND.changes[name][right, 0][0]
            assert counts(page, name) == (expected.changed, expected.cells)
            if name != "global":
                expect(page.locator(f".{name}-changed")).to_have_count(expected.changed)
        values = [int(text) for text in page.locator(".pool .picture text.number").all_text_contents()[:144]]
        assert values == view(SCENE, right, 0).ravel().tolist()
        # Every cell has its number: 144 before, 36 of each pool, averages with one decimal where two do not fit.
        expect(page.locator(".pool .picture text.number")).to_have_count(144 + 36 + 36)
    page.get_by_role("button", name="Move the map back first").click()
    expect(page.locator(".pool")).to_have_attribute("data-shift", "3,0,1")
    assert counts(page, "before")[0] == 0 < counts(page, "max")[0]
    page.wait_for_url("**/pooling?pool_right=3&pool_back=True")
    page.reload()
    expect(page.locator(".pool")).to_have_attribute("data-shift", "3,0,1")


def test_the_price_is_said_where_somebody_points(visit):
    page = visit("pooling?pool_scene=One+pixel")
    expect(page.locator(".note")).to_contain_text("any of the 4 places of its window")
    assert page.locator(".pool").get_attribute("data-same") == "4"
    cell = page.locator(".pool .picture .cell.in").nth(0).bounding_box()
    page.mouse.move(cell["x"] + cell["width"] / 2, cell["y"] + cell["height"] / 2)
    expect(page.locator(".note")).to_contain_text("is read by 1\u00a0window of each pool")


def test_a_prompt_sets_the_pictures_own_sliders(visit):
    page = visit("pooling")
    page.get_by_role("button", name="Shift by 2").click()
    expect(page.locator(".pool")).to_have_attribute("data-shift", "2,0,1")
    expect(page.get_by_text("not one value differs", exact=False)).to_be_visible()


def test_the_keyboard_goes_from_cell_to_cell_and_from_map_to_map(visit):
    page = visit("pooling")
    picture, note = page.locator(".pool .picture"), page.locator(".note")
    expect(note).to_contain_text("Max (")
    before = note.text_content()
    picture.press("ArrowUp")
    picture.press("ArrowLeft")
    expect(note).not_to_have_text(before)
    picture.press("Enter")
    expect(note).to_contain_text("Average (")
    picture.press("Enter")
    expect(note).to_contain_text("Cell (")
    picture.press("Enter")
    expect(note).to_contain_text("Max (")


def test_the_same_shift_is_made_again_after_a_prompt(visit):
    page = visit("pooling")
    for _ in range(2):
        page.get_by_label("Shift right, in pixels").fill("3")
        page.wait_for_url("**pool_right=3")
        page.get_by_role("button", name="Shift by 2").click()
        page.wait_for_url("**/pooling?pool_right=2&pool_back=True")
        page.get_by_role("button", name="One pixel").click()
        page.wait_for_url("**/pooling?pool_scene=One+pixel")


def test_the_chart_counts_in_round_steps_and_no_cell_of_the_table_needs_a_third_line(visit):
    page = visit("pooling?pool_right=1")
    ticks = page.locator('.pool .chart text[text-anchor="end"]')
    expect(ticks).to_have_text(["0", "1", "2", "3", "pixels"])
    for cell in page.locator(".pool .counts td").all():
        assert cell.bounding_box()["height"] < 50
