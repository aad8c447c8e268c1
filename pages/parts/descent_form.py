"""The controls of the optimization page, and the setting that they describe."""

import math
from typing import Any

import streamlit as st

from cnncore.descent.paths import Setting
from cnncore.descent.rules import Constants, Rule
from cnncore.descent.surfaces import SURFACES

RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.24, 0.3, 0.5, 1.0)
BATCHES = ("all", "512", "128", "32", "8", "1")
DECAYS = (1.0, 0.99, 0.98, 0.97, 0.95, 0.9)
FARTHEST = 6.0  # of a start, along either axis: the largest picture's edge
ADDRESS = ("surface", "rules", "lr", "momentum", "batch", "decay", "divided", "x", "y")
FIRST: dict[str, Any] = {
    "surface": "Valley",
    "rules": ["SGD", "Momentum"],
    "lr": 0.1,
    "momentum": 0.9,
    "batch": "all",
    "decay": 1.0,
    "divided": False,
    "x": None,
    "y": None,
}


def moved() -> None:
    """Begin where somebody clicked on the map."""
    start = st.session_state.descent_picture.start
    if start:
        st.session_state.x, st.session_state.y = start


def start_from_address() -> None:
    """Take the start, which has no control of Streamlit's, from the address when the page is opened, or write it."""
    for key in ("x", "y"):
        if key not in st.session_state:
            try:
                asked = float(st.query_params.get(key, ""))
            except ValueError:
                asked = math.inf
            st.session_state[key] = asked if abs(asked) <= FARTHEST else None
        if st.session_state[key] is not None:
            st.query_params[key] = f"{st.session_state[key]:g}"
        elif key in st.query_params:
            del st.query_params[key]


def controls() -> None:
    """Show surface and optimizers, and below them what they are run with."""
    with st.container(horizontal=True, vertical_alignment="bottom"):  # wraps where the window is narrow
        st.segmented_control(
            "Surface", list(SURFACES), default="Valley", required=True, key="surface", bind="query-params"
        )
        st.pills(
            "Optimizers", list(Rule), default=FIRST["rules"], selection_mode="multi", key="rules", bind="query-params"
        )
    with st.grid(columns=5, min_column_width=140):
        st.select_slider("**Learning rate**", RATES, 0.1, key="lr", bind="query-params")
        st.slider("**Momentum**", 0.0, 0.99, 0.9, 0.01, key="momentum", bind="query-params")
        st.select_slider(
            "**Batch**", BATCHES, "all", key="batch", bind="query-params", help="Images a gradient: fewer, more noise."
        )
        st.select_slider("**Decay a step**", DECAYS, 1.0, key="decay", bind="query-params")
        st.toggle(
            "lr · (1 − m)",
            key="divided",
            bind="query-params",
            help="Momentum and Nesterov get lr (1 − m): the same effective step as plain SGD.",
        )


def setting() -> Setting:
    """Return what the controls say; what cannot be is an `InputError`."""
    state = st.session_state
    start = None if state.x is None or state.y is None else (state.x, state.y)
    batch = None if state.batch == "all" else int(state.batch)
    constants = Constants(momentum=state.momentum)
    return Setting(state.surface, state.lr, batch, state.decay, state.divided, start, constants)
