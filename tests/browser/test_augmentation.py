"""The augmentation page in a real browser: what AppTest cannot see."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
ENLARGED = "figure:has(figcaption) img"  # the true-size strip has no captions


def test_the_views_stand_above_the_fold_enlarged_without_smoothing(visit):
    page = visit("augmentation")
    views = page.locator(ENLARGED)
    expect(views).to_have_count(2 + 24, timeout=120_000)  # PyTorch starts in its own process first
    boxes = [views.nth(number).bounding_box() for number in range(26)]
    assert all(box["width"] > 70 for box in boxes)
    assert boxes[0]["y"] < boxes[25]["y"] < page.viewport_size["height"]
    for number in range(26):
        picture = views.nth(number).evaluate("e => [e.naturalWidth, getComputedStyle(e).imageRendering]")
        assert picture == [32 if number == 0 else 28, "pixelated"]
    # The strip below shows one screen pixel for each of the image's.
    small = page.locator("figure:not(:has(figcaption)) img")
    expect(small).to_have_count(24)
    assert small.nth(0).bounding_box()["width"] == 28


def test_what_is_set_is_in_the_address_and_survives_a_reload(visit):
    page = visit("augmentation")
    expect(page.locator(ENLARGED)).to_have_count(26, timeout=120_000)
    page.get_by_role("button", name="Next seed").click()
    page.wait_for_url("**/*aug_seed=1*")
    page.get_by_role("button", name="Erase most of it").click()
    page.wait_for_url("**/*aug_area=0.7*")
    expect(page.get_by_alt_text("Training view 1: erased").first).to_be_visible()
    shown = [page.locator(ENLARGED).nth(number).get_attribute("alt") for number in range(26)]
    page.reload()
    expect(page.get_by_alt_text("Training view 1: erased").first).to_be_visible()
    assert [page.locator(ENLARGED).nth(number).get_attribute("alt") for number in range(26)] == shown


def test_a_crop_larger_than_the_image_says_so_and_the_way_back_works(visit):
    page = visit("augmentation?aug_crop=36")
    expect(page.get_by_text("must not be larger than the image")).to_be_visible()
    page.get_by_role("button", name="Crop 32 of 32").click()
    expect(page.get_by_text("1 × 1 windows")).to_be_visible(timeout=120_000)
    expect(page.get_by_text("must not be larger than the image")).to_have_count(0)


def test_an_own_picture_is_uploaded_and_a_broken_one_refused(visit):
    page = visit("augmentation?aug_source=Upload")
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 500, 3), dtype=np.uint8)).save(file, "JPEG")
    chooser = page.locator('.st-key-aug_upload input[type="file"]')
    chooser.set_input_files({"name": "mine.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()})
    expect(page.get_by_alt_text("The stored image, your picture")).to_be_visible(timeout=120_000)
    chooser.set_input_files({"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()[:40]})
    expect(page.get_by_text("cannot be read")).to_be_visible()


def test_nothing_is_wider_than_a_small_window(visit):
    page = visit("augmentation")
    page.set_viewport_size({"width": 800, "height": 700})
    expect(page.locator(ENLARGED)).to_have_count(26, timeout=120_000)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
