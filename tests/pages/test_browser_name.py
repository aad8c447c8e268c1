"""How the server knows a browser again."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from pages.parts import browser_name
from pages.parts.browser_name import COOKIE, BrowserNames


def answered(content_type="text/html; charset=utf-8", cookie=b"", kind="http"):
    """Return the cookies that a browser gets with an answer of that type, where it sends `cookie`."""

    async def app(scope, receive, send):
        headers = [(b"content-type", content_type.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"x"})

    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": kind, "headers": [(b"cookie", cookie)] if cookie else []}
    with ThreadPoolExecutor(1) as thread:  # the browser tests leave an event loop running in this one
        thread.submit(lambda: asyncio.run(BrowserNames(app)(scope, None, send))).result()
    assert sent[1] == {"type": "http.response.body", "body": b"x"}
    return [value.decode() for name, value in sent[0]["headers"] if name == b"set-cookie"]


def test_a_browser_without_a_name_gets_one_with_a_page():
    (first,), (second,) = answered(), answered()
    assert first.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(first.split("; "))
    assert first != second
    assert len(first.split(";")[0].partition("=")[2]) >= 20


@pytest.mark.parametrize(
    "other",
    [
        {"content_type": "application/javascript"},
        {"cookie": f"a=b; {COOKIE}=known".encode()},
        {"kind": "websocket"},
    ],
)
def test_who_has_one_and_what_is_no_page_gets_none(other):
    assert answered(**other) == []


@pytest.mark.parametrize(
    ("given", "same"), [("known", True), ("", False), ("x" * 65, False)], ids=["given", "none", "too long"]
)
def test_the_name_is_the_cookie_s_or_else_the_tab_s(monkeypatch, given, same):
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.cookies", {COOKIE: given} if given else {})
    monkeypatch.setattr(browser_name, "viewer", lambda: "this tab")
    assert browser_name.browser_name() == (given if same else "this tab")
