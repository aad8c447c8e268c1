"""The confusion matrix in a real browser: a click on a cell opens its images, and an image opens its inside."""

import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import REST, ROOT, served, tab

pytestmark = pytest.mark.browser
RUN = ["train", "--preset", "classroom-5", "--epochs", "2", "--train-size", "500", "--test-size", "200"]


@pytest.fixture
def trained(browser, tmp_path, monkeypatch):
    """Train a short run in a home of its own, serve the app there, and return a tab with the page."""
    monkeypatch.setenv("CNNCORE_HOME", str(tmp_path / "home"))
    subprocess.run([sys.executable, "-m", "cnncore", *RUN], cwd=ROOT, check=True, timeout=180, capture_output=True)
    with served(tmp_path) as url, tab(browser, url) as page:
        page.goto(f"{url}/errors")
        page.wait_for_function(REST, timeout=60_000)
        yield page


def counted(page):
    """Return the counts in the matrix by (true, answer), as the chart's own marks say them."""
    marks = page.locator('.st-key-errors_matrix [role="graphics-symbol"][aria-roledescription="rect mark"]')
    found = {}
    for label in marks.evaluate_all("marks => marks.map(mark => mark.getAttribute('aria-label'))"):
        told = re.search(r"told: ([\d,]+) of [\d,]+ (\w+) taken for (\w+):", label)
        if told:
            found[told[2], told[3]] = int(told[1])
    return found


def click(page, true, answer):
    page.locator(f'.st-key-errors_matrix [aria-label*=" {true} taken for {answer}:"]').first.click()


def test_a_click_on_a_cell_opens_its_images_and_an_image_its_inside(trained):
    page = trained
    matrix = page.locator(".st-key-errors_matrix")
    expect(matrix.locator("canvas, svg").first).to_be_visible()
    box = matrix.bounding_box()
    assert box["y"] + box["height"] < 830
    cells = counted(page)
    assert sum(cells.values()) == 200
    first, second = sorted(cells, key=cells.get)[-2:]
    images = page.locator(".st-key-errors_images .tile")

    def opens(cell):
        expect(page.get_by_role("combobox", name="True class")).to_have_value(cell[0])
        expect(images).to_have_count(min(15, cells[cell]))
        expect(images.first).to_have_attribute("title", re.compile(f"^{cell[0]} taken for {cell[1]}:"))
        page.wait_for_function(REST)

    for cell in (first, second):
        click(page, *cell)
        opens(cell)
    page.get_by_role("combobox", name="True class").click()
    page.get_by_role("option", name=first[0], exact=True).click()
    expect(images.first).not_to_have_attribute("title", re.compile(f"^{second[0]} taken for {second[1]}:"))
    page.wait_for_function(REST)
    click(page, *second)  # the last one clicked, which the box has changed since
    opens(second)
    row = re.search(r"inside_row=\d+$", images.first.get_attribute("href"))[0]
    page.evaluate("() => { window.kept = true }")
    images.first.click()
    page.wait_for_url(re.compile(rf"/inside\?.*{row}$"))
    expect(page.locator("h1")).to_have_text("Inside a network")
    assert page.evaluate("() => window.kept")  # the app was not loaded anew
    # What Inside had on an earlier visit gives way to a link, also to one that asks for what is there at first.
    epoch = page.get_by_role("slider").first
    page.get_by_role("button", name="Before training", exact=True).click()
    page.wait_for_url(re.compile("inside_epoch=0"))
    page.locator('[data-testid="stSidebarNavLink"][href$="/errors"]').click()
    page.wait_for_url(re.compile("/errors"))
    images.first.click()
    page.wait_for_url(re.compile("/inside"))
    expect(epoch).to_have_attribute("aria-valuetext", "2")
    page.wait_for_function(REST)
    expect(page.get_by_text("The address asks for")).to_have_count(0)
