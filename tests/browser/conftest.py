"""The real app, served once for all browser tests, and a browser to open it in."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
REST = """() => document.querySelector('[data-testid="stApp"]')?.getAttribute('data-test-script-state') === 'notRunning'
    && !document.querySelector('[data-testid^="stSkeleton"]')
    && !!document.querySelector('[data-testid="stMain"] h1')"""


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until the condition holds, and fail when it does not in so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def chromium() -> str | None:
    """Return where a Chromium is installed, under any of its names."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)


def end(server: subprocess.Popen[bytes]) -> None:
    """Stop the server and what it started, politely at first; one that was killed is left alone."""
    if server.poll() is not None:
        return
    if sys.platform == "win32":
        server.terminate()
        server.wait(10)
        return
    try:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(10)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(place: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Serve the app with its home below `place`: its process, once it answers."""
    with (place / "log").open("ab") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)],
            cwd=ROOT,
            env=os.environ | {"CNNCORE_HOME": str(place / "home")},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + 90
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5).close()
                break
            except (URLError, OSError):
                output = (place / "log").read_text(errors="replace")
                assert server.poll() is None, f"the server ended: {output}"
                assert time.monotonic() < deadline, f"the server does not answer: {output}"
                time.sleep(0.1)
        yield server
    finally:
        end(server)


@contextlib.contextmanager
def served(place: Path) -> Iterator[str]:
    """Serve the app on a free port with its home below `place`: its address."""
    port = free_port()
    with serving(place, port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[str]:
    """Serve the app to all tests with one home and return its address."""
    with served(tmp_path_factory.mktemp("app")) as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if chromium() is None:
        pytest.skip("no chromium is installed: Debian's package `chromium` has it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()


@contextlib.contextmanager
def tab(browser: Browser, app_url: str) -> Iterator[Page]:
    """Open a tab of a new visitor, 1280 x 800; errors of its scripts and requests to other hosts fail the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    page = context.new_page()
    page.set_default_timeout(30_000)
    faults: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # A page opened by its address first asks for <page>/_stcore/..., which is not there: no fault of the app.
        if message.type == "error" and "_stcore/" not in (message.location or {}).get("url", ""):
            faults.append(message.text)

    def asked(request: Request) -> None:
        if request.url.startswith(("http", "ws")) and app_url.split("//")[1] not in request.url:
            faults.append(request.url)

    page.on("console", heard)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", asked)
    try:
        yield page
    finally:
        context.close()
    assert faults == []


@pytest.fixture
def page(browser: Browser, app_url: str) -> Iterator[Page]:
    """Return a tab of the app that is served to all tests."""
    with tab(browser, app_url) as page:
        yield page


@pytest.fixture
def visit(page: Page, app_url: str) -> Callable[[str], Page]:
    """Return a function that opens an address of the app, such as "convolution?kernel=5", and waits until it rests."""

    def open_page(address: str = "") -> Page:
        page.goto(f"{app_url}/{address}")
        page.wait_for_function(REST)
        return page

    return open_page
