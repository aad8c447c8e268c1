"""A run started from the page: its curves move, it survives a reload and a killed server, it stops and resumes."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.browser.conftest import ROOT, free_port, served, serving, tab, until

pytestmark = pytest.mark.browser
STEPS = "() => document.querySelector('[data-testid=\"stProgress\"]')?.innerText ?? ''"
# What the charts have drawn: the paths of their lines, which change when and only when the curves do.
DRAWN = """() => [...document.querySelectorAll('[data-testid="stVegaLiteChart"] path')]
    .map(path => path.getAttribute('d')).join('')"""
MARK = """() => document.querySelectorAll('[data-testid="stVegaLiteChart"]').forEach(c => { c.dataset.same = '1' })"""


def progress(page):
    return page.evaluate(STEPS)


def epoch(page):
    found = re.search(r"Epoch (\d+) of", progress(page))
    return int(found.group(1)) if found else 0


def update(page):
    return int(re.search(r"update ([\d,]+) of", progress(page)).group(1).replace(",", ""))


def button(page, name):
    return page.locator(f".st-key-{name} button")


def status(page):
    return page.locator('[data-testid="stMain"]').inner_text()


@pytest.fixture
def running(visit):
    """Start a run that lasts, and end it whatever happens."""
    page = visit("training?preset=classroom-5&epochs=200&train_size=1000")
    button(page, "start").click()
    # Until then the page shows the newest run of the tests before, which had its epochs too.
    until(lambda: epoch(page) >= 1 and "Running" in status(page) and "run=" in page.url, seconds=90)
    yield page
    if button(page, "live_stop").is_enabled():
        button(page, "live_stop").click()
        until(lambda: "Stopped" in status(page), seconds=30)


def test_curves_move_several_times_between_two_looks_and_the_chart_stays(running):
    page = running
    until(lambda: epoch(page) >= 2)
    page.evaluate(MARK)
    seen = set()
    # On a busy machine all pages refresh less often: the run lasts longer than any of the pauses.
    until(lambda: len(seen.add(page.evaluate(DRAWN) or "nothing") or seen) >= 5, seconds=120)
    kept = page.locator('[data-testid="stVegaLiteChart"][data-same="1"]').count()
    assert kept == 2, "the charts were made anew: they flicker"


def curves(page):
    """Return the two charts' boxes, and that of all that the page shows."""
    charts = page.locator('[data-testid="stVegaLiteChart"]')
    return charts.nth(0).bounding_box(), charts.nth(1).bounding_box(), page.locator("h1").bounding_box()


def test_curves_fill_the_window_and_stand_below_one_another_in_a_narrow_one(running):
    page = running
    _, usual, _ = curves(page)
    page.set_viewport_size({"width": 1920, "height": 1080})
    until(lambda: curves(page)[1]["height"] > 1.25 * usual["height"], seconds=10)
    loss, accuracy, whole = curves(page)
    assert loss["y"] == accuracy["y"]
    assert loss["width"] + accuracy["width"] > 0.95 * whole["width"]
    page.set_viewport_size({"width": 800, "height": 800})
    until(lambda: curves(page)[1]["y"] >= curves(page)[0]["y"] + usual["height"], seconds=10)


def test_a_reload_in_the_middle_loses_nothing(running):
    page = running
    until(lambda: epoch(page) >= 2)
    before = epoch(page)
    assert "run=" in page.url
    page.reload()
    until(lambda: epoch(page) >= before)
    until(lambda: epoch(page) > before, seconds=30)


def test_pause_continue_stop_and_resume(running):
    page = running
    button(page, "live_pause").click()
    # The parts of a refresh reach the page one after the other: the time that is left goes when all of them have.
    until(lambda: "Paused" in status(page) and "left" not in progress(page), seconds=15)
    still = progress(page)
    time.sleep(2)
    assert progress(page) == still
    button(page, "live_continue").click()
    until(lambda: progress(page) != still, seconds=15)
    until(lambda: epoch(page) >= 2)
    button(page, "live_stop").click()
    until(lambda: "Stopped as asked" in status(page), seconds=30)
    stopped = epoch(page)
    button(page, "live_resume").click()
    until(lambda: epoch(page) > stopped, seconds=90)


def test_a_changed_learning_rate_is_marked_in_the_curve_and_named(running):
    page = running
    planned = float(re.search(r"learning rate ([\d.]+)", progress(page)).group(1))
    page.locator(".st-key-live_factor button", has_text="× 0.1").click()
    until(lambda: f"learning rate {planned / 10:.3g} (× 0.1 by hand)" in progress(page), seconds=30)
    texts = page.locator('[data-testid="stVegaLiteChart"]').first.locator("text")
    until(lambda: "learning rate × 0.1" in texts.all_text_contents(), seconds=30)


def test_a_paused_run_goes_on_by_one_update_at_a_time(running):
    page = running
    button(page, "live_pause").click()
    until(lambda: "Paused" in status(page) and "left" not in progress(page), seconds=30)
    before = update(page)
    for made in (1, 2):
        button(page, "live_step").click()
        until(lambda made=made: update(page) == before + made, seconds=30)
    time.sleep(2)
    assert update(page) == before + 2, "it went on by itself"


def test_a_run_that_diverges_ends_with_its_sentence(visit):
    page = visit("training?preset=classroom-2&epochs=5&train_size=500&lr=1000")
    button(page, "start").click()
    until(lambda: "The loss became NaN or infinite" in status(page), seconds=90)
    assert "Diverged" in status(page)
    assert "Try learning rate 0.1" in status(page)
    before = page.url
    button(page, "remedy_0").click()
    until(lambda: "Finished" in status(page) and "Diverged ·" not in status(page), seconds=90)
    assert page.url != before, "the address names the run that is shown"


@pytest.mark.skipif(sys.platform == "win32", reason="kills the server by a POSIX signal")
def test_a_killed_server_comes_back_to_a_run_that_went_on(browser, tmp_path):
    port = free_port()
    with closing(browser.new_page()) as page:  # not `tab`: it would hear that the server is gone
        with serving(tmp_path, port) as server:
            page.goto(f"http://127.0.0.1:{port}/training?preset=classroom-2&epochs=300&train_size=1000")
            page.wait_for_selector(".st-key-start button", timeout=60_000)
            button(page, "start").click()
            until(lambda: epoch(page) >= 2, seconds=120)
            before = epoch(page)
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(10)
        with serving(tmp_path, port):
            page.goto(page.url)
            until(lambda: epoch(page) > before, seconds=60)
            button(page, "live_stop").click()
            until(lambda: "Stopped as asked" in status(page), seconds=30)


def test_figure_9_on_cifar10_started_from_the_page(browser, tmp_path):
    archive = Path(os.environ.get("CNNCORE_TEST_DATA", "")) / "cifar10-jpeg.tar.xz"
    if not archive.is_file():
        pytest.skip("CNNCORE_TEST_DATA names no folder with cifar10-jpeg.tar.xz, real images to train on")
    subprocess.run(
        [sys.executable, "-m", "cnncore", "data", "prepare", "cifar10", "--from", str(archive)],
        cwd=ROOT,
        env=os.environ | {"CNNCORE_HOME": str(tmp_path / "home")},
        check=True,
        timeout=300,
        capture_output=True,
    )
    with served(tmp_path) as url, tab(browser, url) as page:
        page.goto(f"{url}/training?preset=figure-9")
        page.wait_for_selector(".st-key-start button", timeout=60_000)
        until(lambda: "50,000 train images · 391 updates an epoch" in status(page))
        button(page, "start").click()
        until(lambda: epoch(page) == 1, seconds=120)
        seen = set()
        until(lambda: len(seen.add(page.evaluate(DRAWN)) or seen) >= 5, seconds=60)  # the curves move
        assert "images/s" in progress(page)
        button(page, "live_stop").click()
        until(lambda: "Stopped as asked" in status(page), seconds=60)
