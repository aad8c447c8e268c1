"""The cells that hold a kernel's weights, the choice of a known one, and both in the page's address."""

from typing import Any

import numpy as np
import streamlit as st

from cnncore.figures.filtering import LIBRARY, MOST, SIZES, Kernel, read_kernel
from pages.parts.address import asked, grant

OWN = "Own weights"
FIRST = LIBRARY["Sobel x"]
MOST_DIVISOR = 10_000.0


def weight_key(row: int, column: int) -> str:
    """Return the key of one cell."""
    return f"kernels_weight_{row}_{column}"


def set_kernel(kernel: Kernel) -> None:
    """Set size, weights and divisor."""
    state = st.session_state
    state.kernels_size, state.kernels_divisor = kernel.size, float(kernel.divisor)
    for (row, column), weight in np.ndenumerate(np.array(kernel.weights, dtype=float)):
        state[weight_key(row, column)] = float(weight)


def the_kernel() -> Kernel:
    """Return the kernel that the cells hold."""
    size = st.session_state.kernels_size
    weights = tuple(tuple(st.session_state[weight_key(r, c)] for c in range(size)) for r in range(size))
    return Kernel(weights, st.session_state.kernels_divisor)


def named(kernel: Kernel) -> str:
    """Return the kernel's name in the library."""
    return next((name for name, known in LIBRARY.items() if known == kernel), OWN)


def choose() -> None:
    """Fill the cells with the kernel that was chosen; own weights begin with those that are there."""
    st.session_state.kernels_own = st.session_state.kernels_name == OWN
    if st.session_state.kernels_name in LIBRARY:
        set_kernel(LIBRARY[st.session_state.kernels_name])


def _filled(key: str, value: float) -> None:
    """Give a cell that was emptied the value of nothing."""
    if st.session_state[key] is None:
        st.session_state[key] = value


def resize() -> None:
    """Put zeros around the kernel, or take its border off, after another size was chosen."""
    size = st.session_state.kernels_size
    st.session_state.kernels_size = next(other for other in SIZES if other != size)  # the cells still hold that one
    set_kernel(the_kernel().resized(size))


def from_address() -> None:
    """Take the kernel from the address when the page is opened: many cells, for which Streamlit has no one control.

    Without one in the address it stays what it was in this session. What cannot be read `pages.parts.address.explain`
    says.
    """
    weights, divisor = asked("kernels_weights"), asked("kernels_divisor")
    if weights is None and divisor is None and weight_key(0, 0) in st.session_state:
        return
    kernel = FIRST
    try:
        number = float(divisor or "1")
        if 0 < number <= MOST_DIVISOR:
            kernel = read_kernel(weights or FIRST.written(), number)
            grant("kernels_weights", "kernels_divisor")
    except ValueError:  # an `InputError` is one too
        pass
    set_kernel(kernel)


def to_address(kernel: Kernel) -> None:
    """Write the kernel into the address where it differs from the first one."""
    for key, now, first in (
        ("kernels_weights", kernel.written(), FIRST.written()),
        ("kernels_divisor", f"{kernel.divisor:g}", f"{FIRST.divisor:g}"),
    ):
        if now != first:
            st.query_params[key] = now
        elif key in st.query_params:
            del st.query_params[key]


def show_cells() -> None:
    """Show the weights, a cell each, and what divides them."""
    names = [*LIBRARY, OWN]
    st.session_state.kernels_name = OWN if st.session_state.get("kernels_own") else named(the_kernel())
    st.selectbox("Kernel", names, key="kernels_name", on_change=choose)
    size, grid = st.session_state.kernels_size, st.container(gap="xxsmall")
    for row in range(size):
        for column, cell in enumerate(grid.columns(size, gap="xxsmall")):
            cell.number_input(
                f"Weight in row {row + 1}, column {column + 1}",
                -float(MOST),
                float(MOST),
                None,
                step=1.0,
                format="%g",
                key=weight_key(row, column),
                on_change=_filled,
                args=(weight_key(row, column), 0.0),
                label_visibility="collapsed",
                persist_state="session",
            )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        kept: dict[str, Any] = {"persist_state": "session"}
        st.segmented_control(
            "Size", SIZES, key="kernels_size", required=True, on_change=resize, width="content", **kept
        )
        st.number_input(
            "Divided by",
            0.001,
            MOST_DIVISOR,
            None,
            step=1.0,
            format="%g",
            key="kernels_divisor",
            width=100,
            on_change=_filled,
            args=("kernels_divisor", 1.0),
            **kept,
        )
