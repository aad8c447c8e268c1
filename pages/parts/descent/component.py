"""Optimizers on a surface as a Streamlit component: played, scrubbed and pointed at in the browser."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "cnncore.descent",
    html=(_HERE / "descent.html").read_text(encoding="utf-8"),
    css=(_HERE / "descent.css").read_text(encoding="utf-8"),
    js=(_HERE / "descent.js").read_text(encoding="utf-8"),
)


def descent_picture(data: dict[str, Any], *, key: str, moved: Callable[[], None]) -> None:
    """Draw `data` (see `cnncore.figures.descent.descent_data`).

    When somebody chooses another start on the map, `moved` is called: `st.session_state[key].start` is then [x, y].
    """
    _mount(data=data, key=key, on_start_change=moved)
