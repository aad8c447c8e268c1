"""The sliding window as a Streamlit component: drawn and played in the browser, without asking the server."""

from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "cnncore.window",
    html=(_HERE / "window.html").read_text(encoding="utf-8"),
    css=(_HERE / "window.css").read_text(encoding="utf-8"),
    js=(_HERE / "window.js").read_text(encoding="utf-8"),
)


def sliding_window(data: dict[str, Any], *, key: str) -> None:
    """Draw `data` (see `cnncore.figures.convolution.window_data`): the window on the input, the kernel, the output."""
    _mount(data=data, key=key)
