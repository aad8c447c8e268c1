"""A picture that is shifted and pooled, as a Streamlit component: shifted, compared and pointed at in the browser."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "cnncore.pool",
    html=(_HERE / "pool.html").read_text(encoding="utf-8"),
    css=(_HERE / "pool.css").read_text(encoding="utf-8"),
    js=(_HERE / "pool.js").read_text(encoding="utf-8"),
)


def pooled_picture(data: dict[str, Any], start: dict[str, Any], *, key: str, moved: Callable[[], None]) -> None:
    """Draw `data` (see `cnncore.figures.pooling.study`).

    `start` is the shift to begin with: `right` and `down` in pixels, `back` (whether maps are moved back before they
    are compared), and `turn`; it is set again whenever `turn` changes. When the shift was changed and let go, `moved`
    is called: `st.session_state[key].shift` is then [right, down, back].
    """
    _mount(data=data | {"start": start}, key=key, on_shift_change=moved)
