"""The controls of the optimization page, and the setting that they describe."""

import math
from typing import Any

import streamlit as st

from cnncore.descent.paths import Setting
from cnncore.descent.rules import Constants, Rule
from cnncore.descent.surfaces import SURFACES
from pages.parts.address import asked

RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.24, 0.3, 0.5, 1.0)
BATCHES = ("all", "512", "128", "32", "8", "1")
DECAYS = (1.0, 0.99, 0.98, 0.97, 0.95, 0.9)
FARTHEST = 6.0  # of a start, along either axis: the largest picture's edge
ADDRESS = (
    "opt_surface",
    "opt_rules",
    "opt_lr",
    "opt_momentum",
    "opt_batch",
    "opt_decay",
    "opt_divided",
    "opt_x",
    "opt_y",
)
FIRST: dict[str, Any] = {
    "opt_surface": "Valley",
    "opt_rules": ["SGD", "Momentum"],
    "opt_lr": 0.1,
    "opt_momentum": 0.9,
    "opt_batch": "all",
    "opt_decay": 1.0,
    "opt_divided": False,
    "opt_x": None,
    "opt_y": None,
}


def moved() -> None:
    """Begin where somebody clicked on the map."""
    start = st.session_state.descent_picture.start
    if start:
        st.session_state.opt_x, st.session_state.opt_y = start


def start_from_address() -> None:
    """Take the start, which has no control of Streamlit's, from the address when the page is opened, or write it."""
    for key in ("opt_x", "opt_y"):
        wanted = asked(key)
        if wanted is not None or key not in st.session_state:
            try:
                start = float(wanted or "")
            except ValueError:
                start = math.inf
            st.session_state[key] = start if abs(start) <= FARTHEST else None
        if st.session_state[key] is not None:
            st.query_params[key] = f"{st.session_state[key]:g}"
        elif key in st.query_params:
            del st.query_params[key]


def controls() -> None:
    """Show surface and optimizers, and below them what they are run with."""
    with st.container(horizontal=True, vertical_alignment="bottom"):  # wraps where the window is narrow
        st.segmented_control(
            "Surface", list(SURFACES), default="Valley", required=True, key="opt_surface", bind="query-params"
        )
        st.pills(
            "Optimizers",
            list(Rule),
            default=FIRST["opt_rules"],
            selection_mode="multi",
            key="opt_rules",
            bind="query-params",
        )
    with st.grid(columns=5, min_column_width=140):
        st.select_slider("Learning rate", RATES, 0.1, key="opt_lr", bind="query-params")
        st.slider("Momentum", 0.0, 0.99, 0.9, 0.01, key="opt_momentum", bind="query-params")
        st.select_slider(
            "Batch",
            BATCHES,
            "all",
            key="opt_batch",
            bind="query-params",
            help="Images per gradient: fewer images, more noise.",
        )
        st.select_slider("Decay per step", DECAYS, 1.0, key="opt_decay", bind="query-params")
        st.toggle(
            "lr · (1 − m)",
            key="opt_divided",
            bind="query-params",
            help="Momentum and Nesterov get lr (1 − m): the same effective step as plain SGD.",
        )


def setting() -> Setting:
    """Return what the controls say; what cannot be is an `InputError`."""
    state = st.session_state
    start = None if state.opt_x is None or state.opt_y is None else (state.opt_x, state.opt_y)
    batch = None if state.opt_batch == "all" else int(state.opt_batch)
    constants = Constants(momentum=state.opt_momentum)
    return Setting(state.opt_surface, state.opt_lr, batch, state.opt_decay, state.opt_divided, start, constants)
