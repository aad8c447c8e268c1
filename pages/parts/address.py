"""The page's address: what it asks for and cannot have is said, not silently replaced.

Streamlit keeps the value of a control that is in the address, or is kept for the session, under the control's key
alone, whatever page it is on: two pages that use one key show one value. So the keys of every page begin with a word of
its own (`conv_`, `pool_`, `opt_`, ...); only the form of the page Training has short ones, which no other page uses.
`SHARED` is what pages share on purpose.
"""

import math
from collections.abc import Iterable
from typing import Any

import streamlit as st
from streamlit.runtime.state.session_state_proxy import get_session_state

from pages.parts.plain import with_code

# What begins so is one for all pages.
SHARED = {
    "_current_network": "the network that all pages speak of, its history and drafts; `network` in the address",
    "exchange_": "how that network is taken out and in, below the pages Architecture and Builder alike",
    "hide": "what a link has hidden, see pages/parts/hidden.py",
    "read_test_": "a run's test set, once it is opened, is open everywhere",
    "awaited_drawn": "the built-in images, as long as they are being drawn",
    "viewer": "how the server knows a tab: one pace for all live pages",
    "_address": "what the address asked for when the page that is shown was opened, and what was said of it",
}
# Here none at all is a choice, too, which "key=" stands for.
SEVERAL = ("aug_transforms", "compare_runs", "opt_rules")
# What ends so holds names that users give, and "inf" may be one.
NAMED = ("answer", "class", "data", "group", "layer", "net", "text", "true")
_PAGE, _ASKED, _SAID = "_address_page", "_address_asked", "_address_said"


def opened(page: str) -> bool:
    """Note that `page` is shown and return whether another one was before: then its address has not been read yet."""
    anew = bool(st.session_state.get(_PAGE) != page)
    if anew:
        st.session_state[_PAGE] = page
        st.session_state[_ASKED] = {}
        st.session_state[_SAID] = {}
    return anew


def remember(*keys: str) -> None:
    """Keep what the address asked for when this page was opened; call it before the page's widgets.

    A key may be written without the word that is its page's own: "convolution?kernel=5" for "conv_kernel=5". What
    would end the page (see `_harmful`) is taken out of the address under any key that begins with the word of `keys`.
    """
    kept, address = st.session_state.setdefault(_ASKED, {}), st.query_params
    shorts = {key: key.partition("_")[2] for key in keys if key not in kept and key not in address}
    written_out = {key: short for key, short in shorts.items() if short in address}
    for key, short in written_out.items():
        address[key] = address.get_all(short)
        del address[short]
    if written_out:
        st.rerun()  # Streamlit gives its controls what stood in the address when the script began
    words = {key.partition("_")[0] for key in keys}
    harmful = [key for key in address if key.partition("_")[0] in words and _harmful(key, address.get_all(key))]
    for key in (*keys, *harmful):
        if key not in kept:
            kept[key] = address.get_all(key)
            _give_way(key, kept[key])
    if harmful:
        # What the browser's Back brings again has its control by then, and st.query_params lets nobody else delete it.
        with get_session_state().query_params() as params:
            for key in harmful:
                params.remove_param(key)
        st.rerun()


def _harmful(key: str, wanted: list[str]) -> bool:
    """Return whether Streamlit gives a page what it cannot use: None for no value, an error for an infinite number.

    An empty value unchooses even what must be chosen, and a field for whole numbers makes an int of any float.
    """
    if not any(wanted):
        return key not in SEVERAL
    try:
        return key.rpartition("_")[2] not in NAMED and math.isinf(float(wanted[-1]))
    except ValueError:
        return False


def _give_way(key: str, wanted: list[str]) -> None:
    """Forget what a control had on an earlier visit where the address asks for something else.

    A control takes its default from nothing in the address: what was kept would win over a link that asks for that.
    """
    if wanted and key in st.session_state:
        held = st.session_state[key]
        several = list(held) if isinstance(held, (list, tuple)) else [held]
        if len(several) != len(wanted) or not all(map(_same, wanted, several)):
            del st.session_state[key]


def fit(key: str, low: float, high: float, usual: float) -> None:
    """Set a control that holds what lies outside its limits to what is `usual`; call it before that control.

    Streamlit checks what a key holds against new limits, and ends the page where they are narrower.
    """
    if key in st.session_state and not low <= st.session_state[key] <= high:
        st.session_state[key] = usual


def asked(key: str) -> str | None:
    """Return what the address asked for when this page was opened, None once that was granted or explained."""
    found: list[str] = st.session_state.get(_ASKED, {}).get(key) or []
    return found[-1] if found else None


def grant(*keys: str) -> None:
    """Note that the page has dealt with what the address asked for: `explain` has nothing to say of it."""
    st.session_state[_ASKED] |= dict.fromkeys(keys)


def insist(place: str, said: str, shown: dict[str, Any]) -> str:
    """Return what is to be said at a `place` of the page: `said`, and what was before as long as the same is `shown`.

    A page draws itself once more when what it waits for has come: what is said only once would be gone unread.
    """
    kept = st.session_state.setdefault(_SAID, {})
    stood, before = kept.get(place, ({}, ""))
    if stood != shown:
        before = ""
    kept[place] = dict(shown), said or before
    return said or before


def explain(shown: dict[str, Any]) -> None:
    """Say which values of the address were refused, given the `shown` ones, until one of these is changed.

    Of a control with several values each is looked for among those.
    """
    kept = st.session_state.get(_ASKED, {})
    refused = []
    for key, value in shown.items():
        several = isinstance(value, Iterable) and not isinstance(value, str)
        known = list(value) if several else [value]
        words = ", ".join(map(str, known)) or "none"
        unknown = [one for one in _wanted(kept.get(key) or [], several) if not any(_same(one, v) for v in known)]
        refused += [f"`{key}={wanted[:40].replace('`', '')}` (shown: {words})" for wanted in unknown]
        if key in kept:
            grant(key)
    text = ""
    if refused:
        text = f"The address asks for {', '.join(refused)}: not a value that this page knows, so the default is shown."
    if text := insist(" ".join(shown), text, shown):
        st.warning(with_code(text))


def _wanted(asked: list[str], several: bool) -> list[str]:
    """Return what is asked of a control: of one with a single value the last word holds; no value is a choice too."""
    return [wanted for wanted in asked if wanted] if several else asked[-1:]


def _same(wanted: str, value: Any) -> bool:
    if isinstance(value, bool):
        return wanted.lower() == str(value).lower()
    if isinstance(value, (int, float)):
        try:
            return float(wanted) == float(value)
        except ValueError:
            return False
    return wanted == str(value)
