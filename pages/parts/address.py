"""The page's address: what it asks for and cannot have is said, not silently replaced.

Streamlit keeps the value of a control that is in the address, or is kept for the session, under the control's key
alone, whatever page it is on: two pages that use one key show one value. So the keys of every page begin with a word of
its own (`conv_`, `pool_`, `opt_`, ...); only the form of the page Training has short ones, which no other page uses.
`SHARED` is what pages share on purpose.
"""

from collections.abc import Iterable
from typing import Any

import streamlit as st

from pages.parts.plain import with_code

# What begins so is one for all pages.
SHARED = {
    "_current_network": "the network that all pages speak of, its history and drafts; `network` in the address",
    "exchange_": "how that network is taken out and in, below the pages Architecture and Builder alike",
    "read_test_": "a run's test set, once it is opened, is open everywhere",
    "awaited_drawn": "the built-in images, as long as they are being drawn",
    "viewer": "how the server knows a tab: one pace for all live pages",
    "_address": "what the address asked for when the page that is shown was opened",
}
_PAGE, _ASKED = "_address_page", "_address_asked"


def opened(page: str) -> bool:
    """Note that `page` is shown and return whether another one was before: then its address has not been read yet."""
    anew = bool(st.session_state.get(_PAGE) != page)
    if anew:
        st.session_state[_PAGE] = page
        st.session_state[_ASKED] = {}
    return anew


def remember(*keys: str) -> None:
    """Keep what the address asked for when this page was opened; call it before the page's widgets.

    A key may be written without the word that is its page's own: "convolution?kernel=5" for "conv_kernel=5".
    """
    kept, address = st.session_state.setdefault(_ASKED, {}), st.query_params
    for key in keys:
        if key not in kept:
            short = key.partition("_")[2]
            if short in address and key not in address:
                address[key] = address[short]
                del address[short]
            kept[key] = address.get(key)


def asked(key: str) -> str | None:
    """Return what the address asked for when this page was opened, None once that was granted or explained."""
    found: str | None = st.session_state.get(_ASKED, {}).get(key)
    return found


def grant(*keys: str) -> None:
    """Note that the page has dealt with what the address asked for: `explain` has nothing to say of it."""
    st.session_state[_ASKED] |= dict.fromkeys(keys)


def explain(shown: dict[str, Any]) -> None:
    """Say which values of the address were refused, given the `shown` ones; once, while nothing was changed."""
    refused = []
    for key, value in shown.items():
        wanted = asked(key)
        if wanted is not None:
            if not _same(wanted, value):
                refused.append(f"`{key}={wanted[:40].replace('`', '')}` (shown: {value})")
            grant(key)
    if refused:
        text = f"The address asks for {', '.join(refused)}: not a value that this page knows, so the default is shown."
        st.warning(with_code(text))


def _same(wanted: str, value: Any) -> bool:
    if isinstance(value, bool):
        return wanted.lower() == str(value).lower()
    if isinstance(value, (int, float)):
        try:
            return float(wanted) == float(value)
        except ValueError:
            return False
    if isinstance(value, Iterable) and not isinstance(value, str):
        return True  # several values: the widget keeps those it knows
    return wanted == str(value)
