"""How long the app takes to start and to change its page, seen from a browser.

    python -m benchmarks.start                     writes results/start.json
    python -m benchmarks.start --rounds 3 --pages convolution,training

Drives the real app in Chromium (requirements-dev.txt has playwright; Chromium comes from the system). In each round a
server of its own is started, on the same home after the first, and a new browser opens the first page; three seconds
later every page is opened by a click in the navigation, first after the server's start and once more.

server answers        the start of the process until /_stcore/health answers
first page            the browser's request until the page is at rest, the browser's cache empty
page change, first    a click until the page is at rest, nobody having been there since the server started
page change, again    the same on a second visit, with what the browser and the server have kept
static part, first    of the first visit: until the script has ended for the first time and everything is there but
                      what still comes from the compute pool (torch), in whose place a skeleton stands

At rest: the page's heading is there, its script has ended, nothing is a placeholder or a skeleton, and it stays so for
a fifth of a second, which is not counted. A chart may still be painting then.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.files import RESULTS, write
from benchmarks.machine import machine
from pages.parts.navigation import Entry, existing
from tests.browser.conftest import FLAGS, REST, chromium, free_port, serving

VISITS = ("page change, first", "page change, again", "static part, first")
READING = 3.0  # seconds that a person looks at the first page: the browser fetches, the server prepares meanwhile
WINDOW = {"width": 1280, "height": 800}
# Clicks (where there is a link) and resolves to the milliseconds until the static part of a page with another heading
# is there, and until the page has been at rest.
CHANGE = """async ([href, limit]) => {
    const rest = REST, there = THERE, heading = () => document.querySelector('[data-testid="stMain"] h1')?.innerText;
    const before = heading(), begin = performance.now();
    if (href) document.querySelector(`[data-testid="stSidebarNavLink"][href$="${href}"]`).click();
    let since = null, part = null;
    while (performance.now() - begin < limit) {
        const now = performance.now(), other = !href || heading() !== before;
        if (other && there()) part ??= now - begin;
        if (other && rest()) {
            since ??= now;
            if (now - since >= 200) return [part, since - begin];
        } else since = null;
        await new Promise(done => setTimeout(done, 5));
    }
    throw new Error(`not at rest after ${limit} ms`);
}""".replace("REST", f"({REST})").replace("THERE", f"({REST.replace('^=', '=')})")  # without waiting for skeletons


def change(page: Page, href: str, limit: float = 60_000) -> tuple[float, float]:
    """Click the link to `href` in the navigation; return the milliseconds until the new page's static part is there,
    and until it is at rest.
    """
    part, rest = page.evaluate(CHANGE, [href, limit])
    return float(part), float(rest)


def first_page(page: Page, url: str) -> float:
    """Open the app's address and return the milliseconds until its page is at rest."""
    begin = time.perf_counter()
    page.goto(url, wait_until="commit")
    spent = 1000 * (time.perf_counter() - begin)
    return spent + change(page, "")[1]


def visit(page: Page, entries: list[Entry]) -> dict[str, list[float]]:
    """Open every page twice by clicks, from home to home; return the milliseconds of each as `VISITS` names them."""
    more = page.get_by_test_id("stSidebarNavViewButton")
    if more.count():
        more.click()  # the navigation shows the first pages only
    time.sleep(READING)
    times: dict[str, list[float]] = {}
    for entry in entries:
        part, rest = change(page, f"/{entry.name}")
        times[entry.name] = [rest, part]
    change(page, "/")
    for entry in entries:
        times[entry.name].insert(1, change(page, f"/{entry.name}")[1])
    return times


def measured(entries: list[Entry], rounds: int) -> dict[str, Any]:
    """Return every round's milliseconds: of the server, of the first page, and of each page's two visits."""
    readings: dict[str, Any] = {"server answers": [], "first page": [], "pages": {entry.name: [] for entry in entries}}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, sync_playwright() as playwright:
        for _ in range(rounds):
            port = free_port()
            begin = time.perf_counter()
            with serving(Path(folder), port):
                readings["server answers"].append(1000 * (time.perf_counter() - begin))
                browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
                page = browser.new_context(viewport=WINDOW).new_page()  # type: ignore[arg-type]  # two ints, a TypedDict
                readings["first page"].append(first_page(page, f"http://127.0.0.1:{port}"))
                for name, times in visit(page, entries).items():
                    readings["pages"][name].append(times)
                browser.close()
    return readings


def spread(values: list[float]) -> dict[str, float]:
    """Return median, least and most in whole milliseconds."""
    return {"median_ms": round(statistics.median(values)), "least": round(min(values)), "most": round(max(values))}


def summary(readings: dict[str, Any]) -> dict[str, Any]:
    """Return the medians over the rounds, of each page and of all changes together."""
    pages = readings["pages"]
    result: dict[str, Any] = {name: spread(readings[name]) for name in ("server answers", "first page")}
    for number, name in enumerate(VISITS):
        result[name] = spread([times[number] for rounds in pages.values() for times in rounds])
    result["pages"] = {
        page: {name: spread([times[number] for times in rounds]) for number, name in enumerate(VISITS)}
        for page, rounds in pages.items()
    }
    return result


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pages", help="only these, with commas between them; nothing is written then")
    args = parser.parse_args()
    if chromium() is None:
        parser.exit(1, "no Chromium on the PATH: install chromium with the system's packages\n")
    wanted = args.pages.split(",") if args.pages else [entry.name for entry in existing()]
    entries = [entry for entry in existing() if entry.name in wanted and entry.name != "home"]
    result: dict[str, Any] = {"machine": machine(), "rounds": args.rounds}
    result |= summary(measured(entries, args.rounds))
    if hasattr(os, "getloadavg"):
        result["load"] = round(os.getloadavg()[0], 1)  # processes that wanted a core during the last minute, ours too
    for name, value in result.pop("pages").items() if args.pages else result["pages"].items():
        print(name, value)
    print({name: value for name, value in result.items() if name not in ("machine", "pages")})
    if not args.pages:
        write(RESULTS / "start.json", result)


if __name__ == "__main__":
    main()
