"""From page to page in one tab: what is set on one page stays there, and no page breaks another."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import served

pytestmark = pytest.mark.browser
STILL = (
    """() => document.querySelector('[data-testid="stApp"]').getAttribute('data-test-script-state') === 'notRunning'"""
)


@pytest.fixture(scope="module")
def app_url(tmp_path_factory, browser):
    """A home without runs: the training page shows the newest, and one that failed is an error box by right."""
    with served(tmp_path_factory.mktemp("walk")) as url:
        yield url


@pytest.fixture
def walk(page, visit):
    """Return a function that opens a page by the navigation and waits for its title and for `address`."""
    visit("course")

    def to(name, address=""):
        page.locator(f'[data-testid="stSidebarNavLink"][href$="/{name}"]').click()
        page.wait_for_url(f"**/{name}{address}")
        expect(page.get_by_test_id("stException")).to_have_count(0)
        expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
        return page

    return to


def number(page, label):
    return page.get_by_label(label, exact=True).first


def test_the_training_form_keeps_its_settings_whatever_is_tried_elsewhere(walk):
    page = walk("training", "?preset=classroom-5")
    batch = number(page, "Batch size")
    batch.fill("512")
    batch.press("Enter")
    page.wait_for_url("**/training?preset=own&batch=512")
    walk("optimization")
    page.get_by_role("button", name="Over the edge").click()
    page.wait_for_url("**/optimization?opt_lr=0.3")
    walk("convolution")
    page.get_by_role("button", name="Even kernel").click()
    page.wait_for_url(re.compile("conv_kernel=4"))
    walk("training", "?preset=own&batch=512")
    expect(number(page, "Batch size")).to_have_value("512")
    walk("optimization", "?opt_lr=0.3")
    page.get_by_text("Above 2 / 8 = 0.25").wait_for()


def test_an_own_kernel_is_still_there_when_one_comes_back(walk):
    page = walk("kernels")
    cell = number(page, "Weight in row 2, column 2")
    expect(cell).to_have_value("0")
    cell.fill("7.5")
    cell.press("Enter")
    written = re.compile(r"kernels_weights=-1(,|%2C)0(,|%2C)1(/|%2F)-2(,|%2C)7.5")
    page.wait_for_url(written)
    # The address is written midway. What an unfinished run was told Streamlit forgets when the page is left.
    page.wait_for_function(STILL)
    walk("pooling")
    walk("kernels", "?kernels_weights=*")
    page.wait_for_url(written)
    expect(number(page, "Weight in row 2, column 2")).to_have_value("7.5")


def test_an_address_without_the_word_of_its_page_is_written_out(visit):
    page = visit("convolution?kernel=5&stride=1")
    page.wait_for_url("**/convolution?conv_kernel=5&conv_stride=1")
    expect(page.locator(".frame.in, .picture").first).to_be_visible()
