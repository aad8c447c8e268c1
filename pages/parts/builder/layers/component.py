"""The list of a network's layers as a Streamlit component: rows to choose and to drag, blocks with their paths."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "cnncore.layers",
    html='<div class="layers" role="listbox" aria-label="Layers of the network"></div>',
    css=(_HERE / "layers.css").read_text(encoding="utf-8"),
    js=(_HERE / "layers.js").read_text(encoding="utf-8"),
)


def layer_rows(data: dict[str, Any], *, key: str, done: Callable[[], None]) -> None:
    """Draw `data` (see `cnncore.figures.layer_list.layer_list`).

    When somebody does something, `done` is called: `st.session_state[key].did` is then {"what", "place", "steps"},
    where `what` is "pick", "move" (by so many `steps`) or "remove".
    """
    _mount(data=data, key=key, on_did_change=done)
