"""How the server knows a browser again: by a cookie without meaning, so that who reloads does not vote twice."""

import secrets

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.parts.pace import viewer

COOKIE = "cnncore_browser"
_LONGEST = 64  # characters; what is longer this server has not given


class BrowserNames:
    """Gives every browser that opens a page a random name; it is gone when the browser is closed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request as `app` does, with the cookie where a page goes to a browser that has none."""
        if scope["type"] != "http" or _has_one(scope):
            await self.app(scope, receive, send)
            return

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    name = f"{COOKIE}={secrets.token_urlsafe(16)}"
                    headers.append("set-cookie", f"{name}; Path=/; HttpOnly; SameSite=Lax")
            await send(message)

        await self.app(scope, receive, named)


def _has_one(scope: Scope) -> bool:
    return any(name == b"cookie" and f"{COOKIE}=".encode() in value for name, value in scope["headers"])


def browser_name() -> str:
    """Return this browser's name; where it keeps no cookies, this tab's until it is reloaded."""
    given = st.context.cookies.get(COOKIE, "")
    if 0 < len(given) <= _LONGEST:
        return given
    return viewer()
