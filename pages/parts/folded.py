"""What only a few need, folded, and made when it is unfolded.

The browser draws what is folded as well, and it would be half of what it has to draw when the page changes.
"""

from collections.abc import Callable
from typing import Any

import streamlit as st

from cnncore.course.questions import fill


@st.fragment
def folded(key: str, label: str, show: Callable[..., Any], *arguments: Any, icon: str | None = None) -> None:
    """Fold what `show(*arguments)` shows below `label`; whether it is open is the session's `key`."""
    place = st.expander(label, icon=icon, key=key, on_change="rerun")
    if place.open:
        with place:
            show(*arguments)


def why(text: str, label: str = "Why it is so") -> None:
    """Fold a page's explanation; `<<name>>` in it is a fact of the course."""
    folded("why", label, _filled, text, icon=":material/menu_book:")


def _filled(text: str) -> None:
    st.markdown(fill(text))
