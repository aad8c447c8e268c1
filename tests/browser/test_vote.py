"""A class votes: the teacher in a browser on the serving machine, two students elsewhere."""

import contextlib
import re
import socket
import threading

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import REST, served, tab

pytestmark = pytest.mark.browser
ELSEWHERE = b"X-Forwarded-For: 198.51.100.7\r\n"


def pass_on(source, target, first=b""):
    """Hand on what comes, the header `first` put into the first request's."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            if first:
                line, rest = data.split(b"\r\n", 1)
                data, first = line + b"\r\n" + first + rest, b""
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def from_elsewhere(url):
    """Return an address at which the same app is open to browsers that seem to be on other machines."""
    port = int(url.rpartition(":")[2])
    threads = []

    def start(work, *arguments):
        threads.append(threading.Thread(target=work, args=arguments))
        threads[-1].start()

    with contextlib.ExitStack() as sockets:
        door = sockets.enter_context(socket.create_server(("127.0.0.1", 0)))

        def let_in():
            with contextlib.suppress(OSError):
                while True:
                    outer = sockets.enter_context(door.accept()[0])
                    inner = sockets.enter_context(socket.create_connection(("127.0.0.1", port)))
                    open_ones.extend((outer, inner))
                    start(pass_on, outer, inner, ELSEWHERE)
                    start(pass_on, inner, outer)

        open_ones = [door]
        start(let_in)
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            for one in open_ones:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()


def rest(page):
    page.wait_for_function(REST)
    return page


def choose(page, option):
    page.get_by_test_id("stRadioOption").filter(has_text=option).click()
    expect(page.get_by_text("You can choose another one")).to_be_visible()


@pytest.mark.timeout(240)
def test_a_class_votes_twice_and_sees_the_answer(browser, tmp_path):
    with (
        served(tmp_path) as url,
        from_elsewhere(url) as outside,
        tab(browser, url) as teacher,
        tab(browser, outside) as anna,
        tab(browser, outside) as ben,
    ):
        for page, address in ((teacher, f"{url}/vote?ask=q7-1"), (anna, f"{outside}/vote"), (ben, f"{outside}/vote")):
            page.goto(address)
            rest(page)
        expect(anna.get_by_text("No question is asked now")).to_be_visible()
        expect(anna.get_by_role("button", name="Ask the class")).to_have_count(0)
        teacher.get_by_role("button", name="Ask the class").click()
        for page in (anna, ben):  # it comes by itself
            expect(page.get_by_role("heading", name=re.compile("Receptive field of a unit of conv3"))).to_be_visible()
        choose(anna, "A · 13")
        choose(ben, "D · 32")
        anna.reload()
        choose(rest(anna), "B · 16")  # not a second vote: the same one, changed
        expect(teacher.get_by_text("2 have voted.")).to_be_visible()
        teacher.get_by_role("button", name="Show the votes").click()
        expect(anna.get_by_text("You chose B · 16")).to_be_visible()
        expect(anna.get_by_text("two pools before it")).to_have_count(0)
        teacher.get_by_role("button", name="Vote again").click()
        expect(anna.get_by_test_id("stRadioOption").first).to_be_visible()
        choose(anna, "D · 32")
        expect(ben.get_by_test_id("stRadioOption").first).to_be_visible()
        choose(ben, "D · 32")
        teacher.get_by_role("button", name="Show the answer").click()
        for page in (teacher, anna, ben):
            expect(page.get_by_text("Right: 1 of 2 votes, then 2 of 2.")).to_be_visible()
        expect(anna.get_by_role("button", name="Next question")).to_have_count(0)
        teacher.get_by_role("button", name="Next question").click()
        expect(teacher.get_by_text("Asked so far")).to_be_visible()
        expect(anna.get_by_text("No question is asked now")).to_be_visible()
