"""The page's address: what it asks for and cannot have is said, not silently replaced."""

from collections.abc import Iterable
from typing import Any

import streamlit as st

from pages.parts.plain import with_code

_ASKED = "_address_asked"


def remember(*keys: str) -> None:
    """Keep what the address asked for when this page was opened; call it before the page's widgets."""
    asked = st.session_state.setdefault(_ASKED, {})
    for key in keys:
        if key not in asked:
            asked[key] = st.query_params.get(key)


def explain(shown: dict[str, Any]) -> None:
    """Say which values of the address were refused, given the `shown` ones; once, while nothing was changed."""
    asked = st.session_state.get(_ASKED, {})
    refused = []
    for key, value in shown.items():
        wanted = asked.get(key)
        if wanted is not None:
            if not _same(wanted, value):
                refused.append(f"`{key}={wanted[:40].replace('`', '')}` (shown: {value})")
            asked[key] = None
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
