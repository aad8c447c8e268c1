"""Where the class finds the app, whether this browser is on its machine, and links that hide parts of pages."""

import contextlib
import ipaddress
import socket
from collections.abc import Collection
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import streamlit as st

from cnncore.errors import InputError
from pages.parts.hidden import HIDE
from pages.parts.navigation import existing

_EVERYWHERE = ("", "0.0.0.0", "::")  # a server that listens there is reached at each of its machine's addresses
_ELSEWHERE = ("192.0.2.1", 9)  # kept for documentation (RFC 5737): somewhere that no network is


def own_address() -> str | None:
    """Return this machine's address in its network, None where it is in none.

    Nothing is sent: a datagram socket that is connected only says by which of its addresses the machine would send.
    """
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(_ELSEWHERE)
        address = str(probe.getsockname()[0])
        return None if _is_own(address) or address in _EVERYWHERE else address
    return None


def on_this_machine(own: str | None) -> bool:
    """Return whether the browser is on the machine that serves the app, as far as can be told."""
    return st.context.ip_address in (None, own) and "X-Forwarded-For" not in st.context.headers


def for_class(url: str, page: str, listening: str, own: str | None) -> str | None:
    """Return the address that the class opens, None where only this machine can.

    `url` is what this browser has opened, with the `page` in it; `listening` the address that the server listens at,
    `own` this machine's in its network. An address that leads to the app from elsewhere is the class's too: whatever
    stands between is known to the browser alone.

    >>> for_class("http://localhost:8501/teacher", "teacher", "0.0.0.0", "192.0.2.7")
    'http://192.0.2.7:8501'
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _is_own(host):
        host = (own or "") if listening in _EVERYWHERE else listening
        if not host or _is_own(host):
            return None
    place = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port else ""
    path = parts.path.rstrip("/").removesuffix(f"/{page}")
    return urlunsplit((parts.scheme, place + port, path, "", ""))


def _is_own(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def without(link: str, hidden: Collection[str], base: str) -> str:
    """Return `link`, an address of one of the app's pages or its end, below `base` and with those parts `hidden`.

    An `InputError` if it names no page.

    >>> without("http://localhost:8501/dropout?dropout_p=0.2", ["controls"], "http://192.0.2.7:8501")
    'http://192.0.2.7:8501/dropout?dropout_p=0.2&hide=controls'
    """
    try:
        parts = urlsplit(link.strip() or "?")
    except ValueError:
        parts = urlsplit("?")
    pages = {"" if entry.name == "home" else entry.name for entry in existing()}
    page = parts.path.rstrip("/").rpartition("/")[2]
    if page not in pages or not (parts.netloc or parts.path):
        raise InputError(
            f"`link` (={link.strip()[:80]}) names no page of this app: copy it from the address bar while the page is "
            "open."
        )
    asked = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key != HIDE]
    asked += [(HIDE, part) for part in hidden]
    return f"{base}/{page}" + (f"?{urlencode(asked)}" if asked else "")
