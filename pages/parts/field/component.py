"""A feature map beside its image, as a Streamlit component: each unit's box follows the pointer in the browser."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "cnncore.field",
    html=(_HERE / "field.html").read_text(encoding="utf-8"),
    css=(_HERE / "field.css").read_text(encoding="utf-8"),
    js=(_HERE / "field.js").read_text(encoding="utf-8"),
)


def field_picture(data: dict[str, Any], *, key: str, chosen: Callable[[], None]) -> None:
    """Draw `data` (see `cnncore.figures.receptive_field.scene`).

    When a unit is clicked `chosen` is called: `st.session_state[key].unit` is then [row, column], from 0.
    """
    _mount(data=data, key=key, on_unit_change=chosen)
